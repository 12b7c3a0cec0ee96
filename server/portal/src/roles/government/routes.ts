import type { AreaRoutes } from '@/roles';
import { w } from '@/words/government';
import { caseRoutes } from './cases';

const area: AreaRoutes = {
  navigation: [
    { label: () => w.dashboardShort, to: '/' },
    { label: () => w.needs, to: '/needs' },
    { label: () => w.verification, to: '/verification' },
  ],
  routes: [
    { path: '/', component: () => import('./Dashboard.vue') },
    { path: '/verification', props: { queue: true }, component: () => import('./Enterprises.vue') },
    ...caseRoutes,
  ],
};
export default area;
