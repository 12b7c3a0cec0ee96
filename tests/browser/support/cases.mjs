// Cases for the pages of banks, guarantors and insurers, made over the API by those whose part it is. Each story is
// told once a process, on a need of its own.
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { LOGINS, origin, password } from './portal.mjs';

const require = createRequire(new URL('../../../server/portal/package.json', import.meta.url));
const { request } = require('playwright-core');

const sessions = new Map();
/** Somebody who asks the API by a token: `await person('bank')`. */
export function person(role) {
  const login = LOGINS[role] ?? role;
  if (!sessions.has(login)) sessions.set(login, signIn(login));
  return sessions.get(login);
}
async function signIn(login) {
  const http = await request.newContext({ baseURL: origin, ignoreHTTPSErrors: true });
  const session = await (await http.post('/v1/sessions', { data: { login, password } })).json();
  const authorization = `Bearer ${session.token}`;
  const ask = async (method, path, data, more = {}) => {
    const answer = await http.fetch(path, {
      method,
      data,
      headers: { authorization, ...(method === 'POST' ? { 'Idempotency-Key': randomUUID() } : {}), ...more },
    });
    const body = await answer.json();
    if (!answer.ok()) throw new Error(`${login}: ${method} ${path} ${answer.status()} ${JSON.stringify(body)}`);
    return body;
  };
  return {
    get: (path) => ask('GET', path),
    post: (path, data) => ask('POST', path, data),
    /** PUT or PATCH of a document that was read. */
    change: (method, path, item, data) => ask(method, `${path}/${item.id}`, data, { 'If-Match': `"${item.version}"` }),
    move: (collection, item, action, data = {}) =>
      ask('POST', `/v1/${collection}/${item.id}/${action}`, data, { 'If-Match': `"${item.version}"` }),
  };
}

const inDays = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
export const today = () => new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);

/** A need of the enterprise's that nobody touched yet. */
export async function freshNeed(more = {}) {
  const enterprise = await person('enterprise');
  return enterprise.post('/v1/needs', {
    kinds: ['ip_pledge'],
    amount_fen: 2_000_000_000,
    term_months: 12,
    purpose: 'working_capital',
    collateral: ['ip'],
    needed_by: inDays(30),
    ...more,
  });
}
export async function ownProduct() {
  const bank = await person('bank');
  const { institution_id } = await bank.get('/v1/sessions/current');
  return (await bank.get(`/v1/products?institution_id=${institution_id}&state=online&limit=1`)).items[0];
}
/** The enterprise applied for the bank's product. */
export async function application() {
  const [need, product, enterprise] = [await freshNeed(), await ownProduct(), await person('enterprise')];
  return enterprise.post('/v1/applications', { need_id: need.id, product_id: product.id });
}
export async function proposed(more = {}) {
  const bank = await person('bank');
  const applied = await application();
  return bank.post('/v1/offers', {
    application_id: applied.id,
    amount_fen: 2_000_000_000,
    term_months: 12,
    rate: { base: 'lpr_1y', value_ppm: 8500 },
    repayment: 'interest_first',
    fees: [{ name_zh: '评估费', name_en: 'Appraisal', basis: 'share', when: 'upfront', value: 3000 }],
    collateral_required: '企业名下专利质押登记',
    valid_until: inDays(15),
    ...more,
  });
}
export async function offered(more = {}) {
  return (await person('bankChecker')).move('offers', await proposed(more), 'approve');
}
/** A guarantee case of the guarantor's, for an approved offer that wants one. */
export async function guaranteeCase() {
  const offer = await offered({ guarantee_required: true });
  const enterprise = await person('enterprise');
  const guarantor = (await (await person('guarantee')).get('/v1/sessions/current')).institution_id;
  const product = (await enterprise.get(`/v1/products?institution_id=${guarantor}&kind=guarantee&state=online&limit=1`)).items[0];
  return enterprise.post('/v1/guarantee-cases', { application_id: offer.application_id, product_id: product.id });
}
export async function proposedGuarantee() {
  const reviewer = await person('guarantee');
  const reviewing = await reviewer.move('guarantee-cases', await guaranteeCase(), 'review');
  return reviewer.move('guarantee-cases', reviewing, 'propose', {
    fee_ppm: 8000,
    fee_paid_by: 'enterprise',
    note: '第一还款来源为检测服务收入，近一年经营流水稳定，专利已评估。',
  });
}
export async function approvedGuarantee() {
  return (await person('guaranteeChecker')).move('guarantee-cases', await proposedGuarantee(), 'approve');
}

const told = new Map();
/** The same case for every screen that shows it. */
export function once(story) {
  if (!told.has(story)) told.set(story, story());
  return told.get(story);
}

/** A round in which institutions may register. */
export async function round() {
  const authority = await person('government');
  const planned = await authority.post('/v1/rounds', {
    name: '广东专精特新融资对接会',
    region_code: '440000',
    registers_until: inDays(7),
    meets_on: inDays(14),
    venue: '广州市天河区政务服务中心',
  });
  return authority.move('rounds', planned, 'open');
}
