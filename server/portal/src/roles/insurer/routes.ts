import type { AreaRoutes } from '@/roles';
import { w } from '@/words/insurer';
import ProductEditor from '../bank/ProductEditor.vue';
import ProductPage from '../bank/ProductPage.vue';
import RoundPage from '../bank/RoundPage.vue';
import Rounds from '../bank/Rounds.vue';
import Statistics from '../bank/Statistics.vue';
import Products from './Products.vue';

const area: AreaRoutes = {
  navigation: [
    { label: () => w.products, to: '/' },
    { label: () => w.rounds, to: '/rounds' },
    { label: () => w.statistics, to: '/statistics' },
  ],
  routes: [
    { path: '/', component: Products },
    { path: '/products', component: Products },
    { path: '/products/new', component: ProductEditor },
    { path: '/products/:id', component: ProductPage, props: true },
    { path: '/products/:id/edit', component: ProductEditor, props: true },
    { path: '/rounds', component: Rounds },
    { path: '/rounds/:id', component: RoundPage, props: true },
    { path: '/statistics', component: Statistics },
  ],
};
export default area;
