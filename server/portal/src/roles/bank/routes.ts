import type { AreaRoutes } from '@/roles';
import { w } from '@/words/bank';

const area: AreaRoutes = {
  navigation: [{ label: () => w.workbench, to: '/' }],
  routes: [{ path: '/', component: () => import('./Workbench.vue') }],
};
export default area;
