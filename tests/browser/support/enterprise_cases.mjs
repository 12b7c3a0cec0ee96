// Cases that the enterprise's pages need beside the demo's data, made over the API as their owners would: an offer on the
// table, an accepted one, a refusal, a guarantee. Each is made once a process and only when a test asks for it.
import assert from 'node:assert/strict';
import { person, today } from './cases.mjs';
import { LOGINS } from './portal.mjs';

const once = (make) => {
  let made;
  return () => (made ??= make());
};
const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const move = async (login, collection, document, action, body) => (await person(login)).move(collection, document, action, body);

export const NEED = { kinds: ['ip_pledge'], amount_fen: 800000000, term_months: 12, purpose: 'research', collateral: ['ip'] };

export async function need(change = {}) {
  return (await person(LOGINS.enterprise)).post('/v1/needs', { ...NEED, ...change });
}

/** The bank's product that a need was matched with. */
async function productFor(of) {
  const enterprise = await person(LOGINS.enterprise);
  const bank = (await (await person(LOGINS.bank)).get('/v1/sessions/current')).institution_id;
  const match = await enterprise.get(`/v1/needs/${of.id}/matches`);
  const found = [...match.eligible, ...match.unknown, ...match.near].find((one) => one.product.institution_id === bank);
  assert.ok(found, 'the bank of the tests has a product for the need');
  return found.product.id;
}
export async function application(of) {
  return (await person(LOGINS.enterprise)).post('/v1/applications', { need_id: of.id, product_id: await productFor(of) });
}

/** An offer that the checker approved. */
export async function offer(on, terms = {}) {
  const proposed = await (await person(LOGINS.bank)).post('/v1/offers', {
    application_id: on.id, amount_fen: NEED.amount_fen, term_months: 12, rate: { base: 'lpr_1y', value_ppm: 8500 },
    repayment: 'interest_first', valid_until: day(15), fees: [{ name_zh: '评估费', name_en: 'appraisal', basis: 'fixed', when: 'upfront', value: 500000 }],
    conditions: '专利质押登记完成', ...terms,
  });
  return move(LOGINS.bankChecker, 'offers', proposed, 'approve');
}
export async function refuse(on) {
  const refused = await move(LOGINS.bank, 'applications', on, 'propose_refusal', {
    reason_code: 'R10', reason_text: '知识产权评估价值不足，请补充新的评估报告后再申请。',
  });
  return move(LOGINS.bankChecker, 'applications', refused, 'refuse');
}

/** A need with two offers on the table: the bank's own, and a dearer one of a bank that took it up. */
export async function twoOffers(more = {}) {
  const posted = await need();
  const first = await offer(await application(posted));
  const rival = await person('boc-both');
  const claim = await rival.post('/v1/applications', { need_id: posted.id });
  const second = await rival.post('/v1/offers', {
    application_id: claim.id, amount_fen: NEED.amount_fen, term_months: 24, rate: { base: 'fixed', value_ppm: 52000 },
    repayment: 'equal_instalment', valid_until: day(10), ...more,
  });
  await move('boc-checker', 'offers', second, 'approve');
  return { need: posted, offer: first };
}
/** The bank's part after the acceptance: contract and money. */
export async function payOut(id) {
  const checker = await person(LOGINS.bankChecker);
  const contracted = await move(LOGINS.bankChecker, 'offers', await checker.get(`/v1/offers/${id}`), 'contract', { contract_no: `HT-${id.slice(-12)}` });
  return move(LOGINS.bankChecker, 'offers', contracted, 'disburse', {
    funded_fen: contracted.amount_fen, funded_on: today(), proof_no: `PZ-${id.slice(-12)}`,
  });
}
export async function freshRefusal() {
  const posted = await need({ amount_fen: 500000000 });
  return { need: posted, application: await refuse(await application(posted)) };
}
/** A product of the bank's with these conditions, on the shelf. */
export async function listed(name, rules) {
  const maker = await person(LOGINS.bank);
  const draft = await maker.post('/v1/products', {
    kind: 'credit_loan', name_zh: name, amount_min_fen: 10000000, amount_max_fen: 1_000_000_000, term_min_months: 3, term_max_months: 36,
    rate: { base: 'fixed', low_ppm: 29000, high_ppm: 30000 }, promised_hours: 8, rules,
  });
  return move(LOGINS.bankChecker, 'products', await maker.move('products', draft, 'submit'), 'publish');
}
/** A need that some product misses by one condition that the need itself could change. */
export async function nearMiss() {
  return need(NEAR);
}
/** A need for which some product asks what nobody told. */
export async function unknownFact() {
  return need(UNKNOWN);
}
const NEAR = { kinds: ['credit_loan'], amount_fen: 5_000_000_000 };
const UNKNOWN = { kinds: ['credit_loan'], amount_fen: 100_000_000 };

export const withOffers = once(() => twoOffers());
/** An offer that was accepted and contracted. */
export const withContract = once(async () => {
  const posted = await need({ amount_fen: 600000000 });
  const made = await offer(await application(posted), { amount_fen: 600000000 });
  const accepted = await move(LOGINS.enterprise, 'offers', made, 'accept');
  return { need: posted, offer: await move(LOGINS.bankChecker, 'offers', accepted, 'contract', { contract_no: 'HT-2026-0001' }) };
});
export const refused = once(freshRefusal);
/** A guarantee that the enterprise asked for. */
export const guarantee = once(async () => {
  const posted = await need({ amount_fen: 400000000 });
  const applied = await application(posted);
  const { items } = await (await person(LOGINS.enterprise)).get('/v1/products?kind=guarantee&state=online&limit=50');
  for (const product of items)
    try {
      return await (await person(LOGINS.enterprise)).post('/v1/guarantee-cases', { application_id: applied.id, product_id: product.id });
    } catch (error) {
      if (!/not_a_partner/.test(error.message)) throw error;
    }
  throw new Error('no guarantor works with the bank of the tests');
});
export const round = once(async () => {
  const authority = await person(LOGINS.government);
  const planned = await authority.post('/v1/rounds', { name: '知识产权融资对接会', region_code: '440000', registers_until: day(7), meets_on: day(14), venue: '广州市' });
  return move(LOGINS.government, 'rounds', planned, 'open');
});
/** The products that stand first among the matches of the need with offers. */
export const topProducts = once(async () => {
  const match = await (await person(LOGINS.enterprise)).get(`/v1/needs/${(await withOffers()).need.id}/matches`);
  return [...match.eligible, ...match.unknown].slice(0, 3).map((one) => one.product.id);
});
