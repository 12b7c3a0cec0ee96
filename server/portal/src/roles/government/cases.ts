// The pages of the region's cases; the operator's area has the same.
import type { RouteRecordRaw } from 'vue-router';

export const caseRoutes: RouteRecordRaw[] = [
  { path: '/needs', component: () => import('./Needs.vue') },
  { path: '/needs/:id', props: true, component: () => import('./Need.vue') },
  { path: '/applications', component: () => import('./Applications.vue') },
  { path: '/applications/:id', props: true, component: () => import('./Application.vue') },
  { path: '/offers', component: () => import('./Offers.vue') },
  { path: '/offers/:id', props: true, component: () => import('./Offer.vue') },
  { path: '/guarantee-cases', component: () => import('./Guarantees.vue') },
  { path: '/guarantee-cases/:id', props: true, component: () => import('./Guarantee.vue') },
  { path: '/enterprises', component: () => import('./Enterprises.vue') },
  { path: '/enterprises/:id([0-9a-f-]{36})', props: true, component: () => import('./Enterprise.vue') },
];
