import type { AreaRoutes } from '@/roles';
import { w } from '@/words/bank';

const area: AreaRoutes = {
  navigation: [
    { label: () => w.workbench, to: '/' },
    { label: () => w.needs, to: '/needs' },
    { label: () => w.offers, to: '/offers' },
    { label: () => w.products, to: '/products' },
    { label: () => w.rounds, to: '/rounds' },
    { label: () => w.statistics, to: '/statistics' },
  ],
  routes: [
    { path: '/', component: () => import('./Workbench.vue') },
    { path: '/needs', component: () => import('./Needs.vue') },
    { path: '/needs/:id', component: () => import('./NeedPage.vue'), props: true },
    { path: '/applications', component: () => import('./Applications.vue') },
    { path: '/applications/:id', component: () => import('./ApplicationPage.vue'), props: true },
    { path: '/applications/:id/offer', component: () => import('./OfferForm.vue'), props: true },
    { path: '/offers', component: () => import('./Offers.vue') },
    { path: '/offers/:id', component: () => import('./OfferPage.vue'), props: true },
    { path: '/products', component: () => import('./Products.vue') },
    { path: '/products/new', component: () => import('./ProductEditor.vue') },
    { path: '/products/:id', component: () => import('./ProductPage.vue'), props: true },
    { path: '/products/:id/edit', component: () => import('./ProductEditor.vue'), props: true },
    { path: '/statistics', component: () => import('./Statistics.vue') },
    { path: '/rounds', component: () => import('./Rounds.vue') },
    { path: '/rounds/:id', component: () => import('./RoundPage.vue'), props: true },
    { path: '/guarantee-cases/:id', component: () => import('../guarantee/CasePage.vue'), props: true },
  ],
};
export default area;
