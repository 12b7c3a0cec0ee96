// Every page of the portal, by who sees it. `paths` may ask the API for the ids it needs: it gets a function that reads
// as the signed-in user. sources.test.mjs holds this table to the routes that exist.
import * as cases from './enterprise_cases.mjs';
import { application, approvedGuarantee, guaranteeCase, offered, once, proposed, proposedGuarantee, round } from './cases.mjs';

const own = async (get, kind) => {
  const { institution_id } = await get('/v1/sessions/current');
  return first(get, `/v1/products?institution_id=${institution_id}&limit=1${kind ? `&kind=${kind}` : ''}`);
};
/** The pages of products and rounds are the same for all institutions. */
const shelf = (as, list = []) => [
  ...list.map((path) => ({ as, name: `${as}-products`, path })),
  { as, name: `${as}-product-new`, path: '/products/new' },
  { as, name: `${as}-product`, route: '/products/:id', path: async (get) => `/products/${await own(get)}` },
  { as, name: `${as}-product-edit`, route: '/products/:id/edit', path: async (get) => `/products/${await own(get)}/edit` },
  { as, name: `${as}-rounds`, route: '/rounds', path: async () => (await once(round), '/rounds') },
  { as, name: `${as}-round`, route: '/rounds/:id', path: async () => `/rounds/${(await once(round)).id}` },
  { as, name: `${as}-statistics`, path: '/statistics' },
];

const first = async (get, path) => (await get(path)).items[0]?.id;

export const SCREENS = [
  { as: null, name: 'sign-in', path: '/sign-in' },
  { as: 'enterprise', name: 'not-found', path: '/no/such/page' },
  { as: 'enterprise', name: 'search', path: '/search?q=华银' },
  { as: 'enterprise', name: 'enterprise-home', path: '/' },
  { as: 'enterprise', name: 'enterprise-register', path: '/register' },
  { as: 'enterprise', name: 'enterprise-profile', path: '/profile' },
  { as: 'enterprise', name: 'enterprise-profile-change', path: '/profile/change' },
  { as: 'enterprise', name: 'enterprise-fact', route: '/profile/facts/:name', path: '/profile/facts/tax_grade' },
  { as: 'enterprise', name: 'enterprise-consents', path: '/consents', expect: [/^answer 404: GET \S+\/views\b/] },
  { as: 'enterprise', name: 'enterprise-needs', path: '/needs' },
  { as: 'enterprise', name: 'enterprise-new-need', path: '/needs/new' },
  { as: 'enterprise', name: 'enterprise-new-amount', route: '/needs/new/:step', path: '/needs/new/amount' },
  { as: 'enterprise', name: 'enterprise-new-kinds', route: '/needs/new/:step', path: '/needs/new/kinds' },
  { as: 'enterprise', name: 'enterprise-new-purpose', route: '/needs/new/:step', path: '/needs/new/purpose' },
  { as: 'enterprise', name: 'enterprise-new-backing', route: '/needs/new/:step', path: '/needs/new/backing' },
  { as: 'enterprise', name: 'enterprise-new-facts', route: '/needs/new/:step', path: '/needs/new/facts' },
  { as: 'enterprise', name: 'enterprise-new-audience', route: '/needs/new/:step', path: '/needs/new/audience' },
  { as: 'enterprise', name: 'enterprise-new-check', path: '/needs/new/check' },
  { as: 'enterprise', name: 'enterprise-need', route: '/needs/:id', path: async () => `/needs/${(await cases.withOffers()).need.id}` },
  { as: 'enterprise', name: 'enterprise-need-contracted', route: '/needs/:id', path: async () => `/needs/${(await cases.withContract()).need.id}` },
  { as: 'enterprise', name: 'enterprise-need-refused', route: '/needs/:id', path: async () => `/needs/${(await cases.refused()).need.id}` },
  { as: 'enterprise', name: 'enterprise-posted', route: '/needs/:id/posted', path: async () => `/needs/${(await cases.withOffers()).need.id}/posted` },
  { as: 'enterprise', name: 'enterprise-matches', route: '/needs/:id/matches', path: async () => `/needs/${(await cases.withOffers()).need.id}/matches` },
  { as: 'enterprise', name: 'enterprise-compare', route: '/needs/:id/compare', path: async () => `/needs/${(await cases.withOffers()).need.id}/compare?pick=${(await cases.topProducts()).join(',')}` },
  { as: 'enterprise', name: 'enterprise-apply', route: '/needs/:id/apply', path: async () => `/needs/${(await cases.withOffers()).need.id}/apply?pick=${(await cases.topProducts()).join(',')}` },
  { as: 'enterprise', name: 'enterprise-offers', route: '/needs/:id/offers', path: async () => `/needs/${(await cases.withOffers()).need.id}/offers` },
  { as: 'enterprise', name: 'enterprise-applications', path: '/applications' },
  { as: 'enterprise', name: 'enterprise-application', route: '/applications/:id', path: async () => `/applications/${(await cases.withOffers()).offer.application_id}` },
  { as: 'enterprise', name: 'enterprise-application-refused', route: '/applications/:id', path: async () => `/applications/${(await cases.refused()).application.id}` },
  { as: 'enterprise', name: 'enterprise-offer', route: '/offers/:id', path: async () => `/offers/${(await cases.withOffers()).offer.id}` },
  { as: 'enterprise', name: 'enterprise-offer-contracted', route: '/offers/:id', path: async () => `/offers/${(await cases.withContract()).offer.id}` },
  { as: 'enterprise', name: 'enterprise-accept', route: '/offers/:id/accept', path: async () => `/offers/${(await cases.withOffers()).offer.id}/accept` },
  { as: 'enterprise', name: 'enterprise-accepted', route: '/offers/:id/accepted', path: async () => `/offers/${(await cases.withContract()).offer.id}/accepted` },
  { as: 'enterprise', name: 'enterprise-products', path: '/products' },
  { as: 'enterprise', name: 'enterprise-product', route: '/products/:id', path: async () => `/products/${(await cases.withOffers()).offer.product_id}?need=${(await cases.withOffers()).need.id}` },
  { as: 'enterprise', name: 'enterprise-programme', route: '/programmes/:id', path: async (get) => `/programmes/${await first(get, '/v1/programmes')}` },
  { as: 'enterprise', name: 'enterprise-guarantees', path: async () => (await cases.guarantee(), '/guarantee-cases'), route: '/guarantee-cases' },
  { as: 'enterprise', name: 'enterprise-guarantee', route: '/guarantee-cases/:id', path: async () => `/guarantee-cases/${(await cases.guarantee()).id}` },
  { as: 'enterprise', name: 'enterprise-rounds', path: async () => (await cases.round(), '/rounds'), route: '/rounds' },
  { as: 'enterprise', name: 'enterprise-round', route: '/rounds/:id', path: async () => `/rounds/${(await cases.round()).id}` },
  { as: 'enterprise', name: 'enterprise-weights', path: '/weights' },
  { as: 'enterprise', name: 'enterprise-notifications', path: '/notifications' },
  { as: 'bank', name: 'bank-workbench', route: '/', path: async () => (await once(application), '/') },
  { as: 'bank', name: 'bank-needs', path: '/needs' },
  { as: 'bank', name: 'bank-need', route: '/needs/:id', path: async () => `/needs/${(await once(application)).need_id}` },
  { as: 'bank', name: 'bank-application', route: '/applications/:id', path: async () => `/applications/${(await once(proposed)).application_id}` },
  { as: 'bank', name: 'bank-offer-form', route: '/applications/:id/offer', path: async () => `/applications/${(await once(application)).id}/offer` },
  { as: 'bank', name: 'bank-offers', route: '/offers', path: async () => (await once(offered), '/offers') },
  { as: 'bank', name: 'bank-offer', route: '/offers/:id', path: async () => `/offers/${(await once(offered)).id}` },
  { as: 'bank', name: 'bank-guarantee-case', route: '/guarantee-cases/:id', path: async () => `/guarantee-cases/${(await once(guaranteeCase)).id}` },
  ...shelf('bank', ['/products']),
  { as: 'guarantee', name: 'guarantee-queue', route: '/', path: async () => (await once(guaranteeCase), '/') },
  { as: 'guarantee', name: 'guarantee-in-force', path: '/in-force' },
  { as: 'guarantee', name: 'guarantee-exposure', path: '/exposure' },
  { as: 'guarantee', name: 'guarantee-case', route: '/guarantee-cases/:id', path: async () => `/guarantee-cases/${(await once(proposedGuarantee)).id}` },
  { as: 'guarantee', name: 'guarantee-letter', route: '/guarantee-cases/:id/letter', path: async () => `/guarantee-cases/${(await once(approvedGuarantee)).id}/letter` },
  { as: 'guarantee', name: 'guarantee-need', route: '/needs/:id', path: async () => `/needs/${(await once(proposedGuarantee)).need_id}` },
  { as: 'guarantee', name: 'guarantee-offer', route: '/offers/:id', path: async () => `/offers/${(await once(proposedGuarantee)).offer_id}` },
  ...shelf('guarantee', ['/products']),
  { as: 'insurer', name: 'insurer-home', path: '/' },
  ...shelf('insurer', ['/products']),
  { as: 'government', name: 'government-needs', path: '/' },
  { as: 'operator', name: 'operator-institutions', path: '/' },
];
export { first };
