// Every page of the portal, by who sees it. `paths` may ask the API for the ids it needs: it gets a function that reads
// as the signed-in user. sources.test.mjs holds this table to the routes that exist.
const first = async (get, path) => (await get(path)).items[0]?.id;

export const SCREENS = [
  { as: null, name: 'sign-in', path: '/sign-in' },
  { as: 'enterprise', name: 'not-found', path: '/no/such/page' },
  { as: 'enterprise', name: 'search', path: '/search?q=华银' },
  { as: 'enterprise', name: 'enterprise-home', path: '/' },
  { as: 'bank', name: 'bank-workbench', path: '/' },
  { as: 'guarantee', name: 'guarantee-queue', path: '/' },
  { as: 'insurer', name: 'insurer-products', path: '/' },
  { as: 'government', name: 'government-needs', path: '/' },
  { as: 'operator', name: 'operator-institutions', path: '/' },
];
export { first };
