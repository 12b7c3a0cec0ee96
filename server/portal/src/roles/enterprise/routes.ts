import type { AreaRoutes } from '@/roles';
import { w } from '@/words/enterprise';
import Home from './Home.vue';

const page = (name: keyof typeof import('./pages')) => () => import('./pages').then((pages) => pages[name]);

const area: AreaRoutes = {
  navigation: [
    { label: () => w.home, to: '/' },
    { label: () => w.needs, to: '/needs' },
    { label: () => w.applications, to: '/applications' },
    { label: () => w.products, to: '/products' },
    { label: () => w.rounds, to: '/rounds' },
    { label: () => w.profile, to: '/profile' },
    { label: () => w.consents, to: '/consents' },
  ],
  routes: [
    { path: '/', component: Home },
    { path: '/register', component: page('Register') },
    { path: '/profile', alias: '/enterprises/:id', component: page('Profile') },
    { path: '/profile/change', component: page('ProfileChange') },
    { path: '/profile/facts/:name', component: page('FactEntry'), props: true },
    { path: '/consents', component: page('Consents') },
    { path: '/needs', component: page('Needs') },
    { path: '/needs/new', component: page('NewNeed') },
    { path: '/needs/new/check', component: page('NewNeedCheck') },
    { path: '/needs/new/:step', component: page('NewNeedStep'), props: true },
    { path: '/needs/:id', component: page('NeedPage'), props: true },
    { path: '/needs/:id/posted', component: page('NeedPosted'), props: true },
    { path: '/needs/:id/matches', component: page('Matches'), props: true },
    { path: '/needs/:id/compare', component: page('Compare'), props: true },
    { path: '/needs/:id/apply', component: page('Apply'), props: true },
    { path: '/needs/:id/offers', component: page('Offers'), props: true },
    { path: '/applications', component: page('Applications') },
    { path: '/applications/:id', component: page('ApplicationPage'), props: true },
    { path: '/offers/:id', component: page('OfferPage'), props: true },
    { path: '/offers/:id/accept', component: page('Accept'), props: true },
    { path: '/offers/:id/accepted', component: page('Accepted'), props: true },
    { path: '/products', component: page('Products') },
    { path: '/products/:id', component: page('ProductPage'), props: true },
    { path: '/programmes/:id', component: page('ProgrammePage'), props: true },
    { path: '/guarantee-cases', component: page('Guarantees') },
    { path: '/guarantee-cases/:id', component: page('GuaranteePage'), props: true },
    { path: '/rounds', component: page('Rounds') },
    { path: '/rounds/:id', component: page('RoundPage'), props: true },
    { path: '/weights', component: page('Weights') },
    { path: '/notifications', component: page('Notifications') },
  ],
};
export default area;
