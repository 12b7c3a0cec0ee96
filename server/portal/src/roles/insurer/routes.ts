import type { AreaRoutes } from '@/roles';
import { w } from '@/words/insurer';

const area: AreaRoutes = {
  navigation: [{ label: () => w.products, to: '/' }],
  routes: [{ path: '/', component: () => import('./Products.vue') }],
};
export default area;
