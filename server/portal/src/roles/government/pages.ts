// The pages about a region; the operator's area has the same for the whole country.
import type { RouteRecordRaw } from 'vue-router';

export const regionRoutes: RouteRecordRaw[] = [
  { path: '/needs', component: () => import('./Needs.vue') },
  { path: '/needs/:id', props: true, component: () => import('./Need.vue') },
  { path: '/applications', component: () => import('./Applications.vue') },
  { path: '/applications/:id', props: true, component: () => import('./Application.vue') },
  { path: '/offers', component: () => import('./Offers.vue') },
  { path: '/offers/:id', props: true, component: () => import('./Offer.vue') },
  { path: '/guarantee-cases', component: () => import('./Guarantees.vue') },
  { path: '/guarantee-cases/:id', props: true, component: () => import('./Guarantee.vue') },
  { path: '/verification', props: { queue: true }, component: () => import('./Enterprises.vue') },
  { path: '/enterprises', component: () => import('./Enterprises.vue') },
  { path: '/enterprises/import', props: { what: 'enterprises' }, component: () => import('./ImportPage.vue') },
  { path: '/enterprises/:id', props: true, component: () => import('./Enterprise.vue') },
  { path: '/lists', component: () => import('./Lists.vue') },
  { path: '/programmes', component: () => import('./Programmes.vue') },
  { path: '/programmes/new', component: () => import('./NewProgramme.vue') },
  { path: '/programmes/:id', props: true, component: () => import('./Programme.vue') },
  { path: '/rounds', component: () => import('./Rounds.vue') },
  { path: '/rounds/new', component: () => import('./NewRound.vue') },
  { path: '/rounds/:id', props: true, component: () => import('./Round.vue') },
  { path: '/overdue', component: () => import('./Overdue.vue') },
  { path: '/audit', component: () => import('./Audit.vue') },
  { path: '/institutions/:id', props: true, component: () => import('./Institution.vue') },
  { path: '/products', component: () => import('./Products.vue') },
  { path: '/products/:id', props: true, component: () => import('./Product.vue') },
];
