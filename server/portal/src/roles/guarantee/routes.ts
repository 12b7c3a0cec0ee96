import type { AreaRoutes } from '@/roles';
import { w } from '@/words/guarantee';
import NeedPage from '../bank/NeedPage.vue';
import OfferPage from '../bank/OfferPage.vue';
import ProductEditor from '../bank/ProductEditor.vue';
import ProductPage from '../bank/ProductPage.vue';
import Products from '../bank/Products.vue';
import RoundPage from '../bank/RoundPage.vue';
import Rounds from '../bank/Rounds.vue';
import Statistics from '../bank/Statistics.vue';
import Book from './Book.vue';
import CasePage from './CasePage.vue';
import Cases from './Cases.vue';
import Letter from './Letter.vue';
import Queue from './Queue.vue';

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
    { path: '/', component: Queue },
    { path: '/in-force', component: Queue, props: { inForce: true } },
    { path: '/exposure', component: Book },
    { path: '/guarantee-cases', component: Cases },
    { path: '/guarantee-cases/:id', component: CasePage, props: true },
    { path: '/guarantee-cases/:id/letter', component: Letter, props: true },
    { path: '/needs/:id', component: NeedPage, props: true },
    { path: '/offers/:id', component: OfferPage, props: true },
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
