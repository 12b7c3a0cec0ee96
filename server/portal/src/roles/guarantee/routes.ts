import type { AreaRoutes } from '@/roles';
import { w } from '@/words/guarantee';

const area: AreaRoutes = {
  navigation: [{ label: () => w.queue, to: '/' }],
  routes: [{ path: '/', component: () => import('./Queue.vue') }],
};
export default area;
