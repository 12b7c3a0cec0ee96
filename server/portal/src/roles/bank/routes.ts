import type { AreaRoutes } from '@/roles';
import { w } from '@/words/bank';
import CasePage from '../guarantee/CasePage.vue';
import ApplicationPage from './ApplicationPage.vue';
import Applications from './Applications.vue';
import NeedPage from './NeedPage.vue';
import Needs from './Needs.vue';
import OfferForm from './OfferForm.vue';
import OfferPage from './OfferPage.vue';
import Offers from './Offers.vue';
import ProductEditor from './ProductEditor.vue';
import ProductPage from './ProductPage.vue';
import Products from './Products.vue';
import RoundPage from './RoundPage.vue';
import Rounds from './Rounds.vue';
import Statistics from './Statistics.vue';
import Workbench from './Workbench.vue';

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
    { path: '/', component: Workbench },
    { path: '/needs', component: Needs },
    { path: '/needs/:id', component: NeedPage, props: true },
    { path: '/applications', component: Applications },
    { path: '/applications/:id', component: ApplicationPage, props: true },
    { path: '/applications/:id/offer', component: OfferForm, props: true },
    { path: '/offers', component: Offers },
    { path: '/offers/:id', component: OfferPage, props: true },
    { path: '/products', component: Products },
    { path: '/products/new', component: ProductEditor },
    { path: '/products/:id', component: ProductPage, props: true },
    { path: '/products/:id/edit', component: ProductEditor, props: true },
    { path: '/statistics', component: Statistics },
    { path: '/rounds', component: Rounds },
    { path: '/rounds/:id', component: RoundPage, props: true },
    { path: '/guarantee-cases/:id', component: CasePage, props: true },
  ],
};
export default area;
