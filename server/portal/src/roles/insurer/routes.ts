import type { AreaRoutes } from '@/roles';
import { w } from '@/words/insurer';

const area: AreaRoutes = {
  navigation: [
    { label: () => w.products, to: '/' },
    { label: () => w.rounds, to: '/rounds' },
    { label: () => w.statistics, to: '/statistics' },
  ],
  routes: [
    { path: '/', component: () => import('./Products.vue') },
    { path: '/products', component: () => import('./Products.vue') },
    { path: '/products/new', component: () => import('../bank/ProductEditor.vue') },
    { path: '/products/:id', component: () => import('../bank/ProductPage.vue'), props: true },
    { path: '/products/:id/edit', component: () => import('../bank/ProductEditor.vue'), props: true },
    { path: '/rounds', component: () => import('../bank/Rounds.vue') },
    { path: '/rounds/:id', component: () => import('../bank/RoundPage.vue'), props: true },
    { path: '/statistics', component: () => import('../bank/Statistics.vue') },
  ],
};
export default area;
