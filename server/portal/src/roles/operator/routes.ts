import { has } from '@/api/session';
import type { AreaRoutes } from '@/roles';
import { regionRoutes } from '@/roles/government/pages';
import { w as region } from '@/words/government';
import { w } from '@/words/operator';

const area: AreaRoutes = {
  navigation: [
    { label: () => w.operations, to: '/' },
    { label: () => w.dashboard, to: '/dashboard' },
    { label: () => w.institutions, to: '/institutions' },
    { label: () => w.users, to: '/users' },
    { label: () => w.keys, to: '/api-keys' },
    { label: () => region.products, to: '/products' },
    { label: () => w.weights, to: '/weights' },
    { label: () => w.calendar, to: '/calendar' },
    { label: () => region.needsShort, to: '/needs' },
    ...(has('operator')
      ? [
          { label: () => region.verificationShort, to: '/verification' },
          { label: () => region.programmesShort, to: '/programmes' },
        ]
      : []),
    { label: () => region.rounds, to: '/rounds' },
    { label: () => region.overdue, to: '/overdue' },
    { label: () => region.audit, to: '/audit' },
  ],
  routes: [
    { path: '/', component: () => import('./Operations.vue') },
    { path: '/dashboard', component: () => import('@/roles/government/Dashboard.vue') },
    { path: '/institutions', component: () => import('./Institutions.vue') },
    { path: '/institutions/new', component: () => import('./NewInstitution.vue') },
    { path: '/users', component: () => import('./Users.vue') },
    { path: '/users/new', component: () => import('./NewUser.vue') },
    { path: '/api-keys', component: () => import('./Keys.vue') },
    { path: '/weights', component: () => import('./Weights.vue') },
    { path: '/calendar', component: () => import('./Calendar.vue') },
    { path: '/products/import', props: { what: 'products' }, component: () => import('@/roles/government/ImportPage.vue') },
    ...regionRoutes,
  ],
};
export default area;
