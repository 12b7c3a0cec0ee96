import { has } from '@/api/session';
import type { AreaRoutes } from '@/roles';
import { regionRoutes } from '@/roles/government/pages';
import { w as region } from '@/words/government';
import { w } from '@/words/operator';
import Dashboard from '@/roles/government/Dashboard.vue';
import ImportPage from '@/roles/government/ImportPage.vue';
import Calendar from './Calendar.vue';
import Institutions from './Institutions.vue';
import Keys from './Keys.vue';
import NewInstitution from './NewInstitution.vue';
import NewUser from './NewUser.vue';
import Operations from './Operations.vue';
import Users from './Users.vue';
import Weights from './Weights.vue';

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
    { path: '/', component: Operations },
    { path: '/dashboard', component: Dashboard },
    { path: '/institutions', component: Institutions },
    { path: '/institutions/new', component: NewInstitution },
    { path: '/users', component: Users },
    { path: '/users/new', component: NewUser },
    { path: '/api-keys', component: Keys },
    { path: '/weights', component: Weights },
    { path: '/calendar', component: Calendar },
    { path: '/products/import', props: { what: 'products' }, component: ImportPage },
    ...regionRoutes,
  ],
};
export default area;
