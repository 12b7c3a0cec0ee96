import type { AreaRoutes } from '@/roles';
import { w } from '@/words/government';

const area: AreaRoutes = {
  navigation: [{ label: () => w.needs, to: '/' }],
  routes: [{ path: '/', component: () => import('./Needs.vue') }],
};
export default area;
