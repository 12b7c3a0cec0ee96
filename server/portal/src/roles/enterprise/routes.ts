import type { AreaRoutes } from '@/roles';
import { w } from '@/words/enterprise';

const area: AreaRoutes = {
  navigation: [{ label: () => w.needs, to: '/' }],
  routes: [{ path: '/', component: () => import('./Home.vue') }],
};
export default area;
