import type { AreaRoutes } from '@/roles';
import { w } from '@/words/guarantee';

const area: AreaRoutes = {
  navigation: [
    { label: () => w.queue, to: '/' },
    { label: () => w.inForce, to: '/in-force' },
    { label: () => w.book, to: '/exposure' },
    { label: () => w.products, to: '/products' },
    { label: () => w.rounds, to: '/rounds' },
    { label: () => w.statistics, to: '/statistics' },
  ],
  routes: [
    { path: '/', component: () => import('./Queue.vue') },
    { path: '/in-force', component: () => import('./Queue.vue'), props: { inForce: true } },
    { path: '/exposure', component: () => import('./Book.vue') },
    { path: '/guarantee-cases/:id', component: () => import('./CasePage.vue'), props: true },
    { path: '/guarantee-cases/:id/letter', component: () => import('./Letter.vue'), props: true },
    { path: '/needs/:id', component: () => import('../bank/NeedPage.vue'), props: true },
    { path: '/offers/:id', component: () => import('../bank/OfferPage.vue'), props: true },
    { path: '/products', component: () => import('../bank/Products.vue') },
    { path: '/products/new', component: () => import('../bank/ProductEditor.vue') },
    { path: '/products/:id', component: () => import('../bank/ProductPage.vue'), props: true },
    { path: '/products/:id/edit', component: () => import('../bank/ProductEditor.vue'), props: true },
    { path: '/rounds', component: () => import('../bank/Rounds.vue') },
    { path: '/rounds/:id', component: () => import('../bank/RoundPage.vue'), props: true },
    { path: '/statistics', component: () => import('../bank/Statistics.vue') },
  ],
};
export default area;
