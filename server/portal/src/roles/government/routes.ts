import type { AreaRoutes } from '@/roles';
import { w } from '@/words/government';
import { regionRoutes } from './pages';
import Dashboard from './Dashboard.vue';

const area: AreaRoutes = {
  navigation: [
    { label: () => w.dashboardShort, to: '/' },
    { label: () => w.needsShort, to: '/needs' },
    { label: () => w.verificationShort, to: '/verification' },
    { label: () => w.listsShort, to: '/lists' },
    { label: () => w.programmesShort, to: '/programmes' },
    { label: () => w.rounds, to: '/rounds' },
    { label: () => w.overdue, to: '/overdue' },
    { label: () => w.audit, to: '/audit' },
    { label: () => w.enterprises, to: '/enterprises' },
    { label: () => w.applications, to: '/applications' },
    { label: () => w.offers, to: '/offers' },
    { label: () => w.guarantees, to: '/guarantee-cases' },
  ],
  routes: [{ path: '/', component: Dashboard }, ...regionRoutes],
};
export default area;
