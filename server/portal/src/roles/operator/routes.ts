import type { AreaRoutes } from '@/roles';
import { w } from '@/words/operator';

const area: AreaRoutes = {
  navigation: [{ label: () => w.institutions, to: '/' }],
  routes: [{ path: '/', component: () => import('./Institutions.vue') }],
};
export default area;
