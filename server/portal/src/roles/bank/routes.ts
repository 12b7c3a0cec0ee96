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
    { path: '/applications/:id', component: () => import('./ApplicationPage.vue'), props: true },
    { path: '/applications/:id/offer', component: () => import('./OfferForm.vue'), props: true },
    { path: '/offers', component: () => import('./Offers.vue') },
    { path: '/offers/:id', component: () => import('./OfferPage.vue'), props: true },
  ],
};
export default area;
