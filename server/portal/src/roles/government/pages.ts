// The pages about a region; the operator's area has the same for the whole country.
import type { RouteRecordRaw } from 'vue-router';
import Application from './Application.vue';
import Applications from './Applications.vue';
import Audit from './Audit.vue';
import Enterprise from './Enterprise.vue';
import Enterprises from './Enterprises.vue';
import Guarantee from './Guarantee.vue';
import Guarantees from './Guarantees.vue';
import ImportPage from './ImportPage.vue';
import Institution from './Institution.vue';
import Lists from './Lists.vue';
import Need from './Need.vue';
import Needs from './Needs.vue';
import NewProgramme from './NewProgramme.vue';
import NewRound from './NewRound.vue';
import Offer from './Offer.vue';
import Offers from './Offers.vue';
import Overdue from './Overdue.vue';
import Product from './Product.vue';
import Products from './Products.vue';
import Programme from './Programme.vue';
import Programmes from './Programmes.vue';
import Round from './Round.vue';
import Rounds from './Rounds.vue';

export const regionRoutes: RouteRecordRaw[] = [
  { path: '/needs', component: Needs },
  { path: '/needs/:id', props: true, component: Need },
  { path: '/applications', component: Applications },
  { path: '/applications/:id', props: true, component: Application },
  { path: '/offers', component: Offers },
  { path: '/offers/:id', props: true, component: Offer },
  { path: '/guarantee-cases', component: Guarantees },
  { path: '/guarantee-cases/:id', props: true, component: Guarantee },
  { path: '/verification', props: { queue: true }, component: Enterprises },
  { path: '/enterprises', component: Enterprises },
  { path: '/enterprises/import', props: { what: 'enterprises' }, component: ImportPage },
  { path: '/enterprises/:id', props: true, component: Enterprise },
  { path: '/lists', component: Lists },
  { path: '/programmes', component: Programmes },
  { path: '/programmes/new', component: NewProgramme },
  { path: '/programmes/:id', props: true, component: Programme },
  { path: '/rounds', component: Rounds },
  { path: '/rounds/new', component: NewRound },
  { path: '/rounds/:id', props: true, component: Round },
  { path: '/overdue', component: Overdue },
  { path: '/audit', component: Audit },
  { path: '/institutions/:id', props: true, component: Institution },
  { path: '/products', component: Products },
  { path: '/products/:id', props: true, component: Product },
];
