// What the pages of authorities and operators need beside the demo's data: an enterprise to verify, money paid out, a
// round with a result. Each is made over the API by those whose part it is, once a process.
import { application, freshNeed, guaranteeCase, offered, once, person, proposed, today } from './cases.mjs';
import { sql, password } from './portal.mjs';

/** A unified social credit code whose organisation's check digit (GB 11714) is wrong: somebody must look at it. */
export function doubtfulCode() {
  const digits = Array.from({ length: 8 }, () => Math.floor(Math.random() * 10));
  const sum = digits.reduce((total, digit, i) => total + digit * [3, 7, 9, 10, 5, 8, 4, 2][i], 0);
  return `91440100${digits.join('')}${sum % 11 === 0 ? '1' : '0'}0`;
}

let made = 0;
/** Somebody who may register an enterprise and has not yet; the login. */
export async function applicant() {
  const login = `newcomer-${process.pid.toString(36)}-${Date.now().toString(36)}-${++made}`;
  await (await person('operator')).post('/v1/users', { login, name: '新登记企业', password, roles: ['enterprise'] });
  return login;
}
/** An enterprise that has just registered itself and waits to be verified. */
export async function newcomer() {
  const login = await applicant();
  return (await person(login)).post('/v1/enterprises', {
    uscc: doubtfulCode(),
    uscc_confirmed: true,
    name: `广州新登记企业${login.slice(-6)}有限公司`,
    region_code: '440103',
    industry_code: '8492',
    employees: 42,
    revenue_fen: 1_200_000_000,
    fiscal_year: 2025,
    contact_name: '李经理',
  });
}

/** A need of an enterprise that never dealt with any institution, and who acts for it. */
export async function strangersNeed() {
  const { owner, name, need } = await uncheckedNeed();
  return { owner, name, need: await (await person('operator')).move('needs', need, 'pass') };
}
/** The same as it was posted: it waits for the operator. */
async function uncheckedNeed() {
  const owner = await person(await applicant());
  const { name } = await owner.post('/v1/enterprises', {
    uscc: doubtfulCode(), uscc_confirmed: true, name: `广州素昧平生${++made}${Date.now() % 1_000_000}有限公司`, region_code: '440103', industry_code: '8492',
  });
  const need = await owner.post('/v1/needs', {
    kinds: ['ip_pledge'], amount_fen: 2_000_000_000, term_months: 12, purpose: 'working_capital', collateral: ['ip'],
  });
  return { owner, name, need };
}
/** Money that was paid out on an accepted offer. */
export async function funded() {
  const accepted = await (await person('enterprise')).move('offers', await offered(), 'accept');
  const checker = await person('bankChecker');
  const contracted = await checker.move('offers', accepted, 'contract', { contract_no: `HT-${accepted.id.slice(0, 8)}` });
  return checker.move('offers', contracted, 'disburse', { funded_fen: 1_900_000_000, funded_on: today(), proof_no: `P-${accepted.id.slice(0, 8)}` });
}

/** A case past its deadline by so many days. */
export async function late(kind, made, days = 3) {
  const document = await made;
  sql(`update ${kind} set deadline_at = now() - interval '${days} days' where id = '${document.id}'`);
  return document;
}
/** Cases that a bank and a guarantor let wait, one that an enterprise does, and a need that the operator has to check. */
export async function overdue() {
  return {
    application: await late('application', application()),
    offer: await late('offer', proposed(), 2),
    answer: await late('offer', offered(), 5),
    guarantee: await late('guarantee_case', guaranteeCase(), 4),
    need: await late('need', uncheckedNeed().then((one) => one.need), 6),
  };
}

const inDays = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
/** What enterprises and a bank bring to a round that takes registrations. */
export async function register(round, needs) {
  const enterprise = await person('enterprise');
  for (let i = 0; i < needs; i++)
    await enterprise.post(`/v1/rounds/${round.id}/needs`, { need_id: (await freshNeed({ amount_fen: 300_000_000 + i * 100_000_000 })).id });
  await (await person('bank')).post(`/v1/rounds/${round.id}/institutions`, { slots: 1 });
}
/** A round whose result was published. */
export async function published() {
  const authority = await person('government');
  const planned = await authority.post('/v1/rounds', { name: '专精特新企业融资对接会', region_code: '440000', registers_until: inDays(7), meets_on: inDays(14), venue: '广州市融资服务中心' });
  await register(await authority.move('rounds', planned, 'open'), 2);
  for (const move of ['seal', 'run', 'publish']) await authority.move('rounds', await authority.get(`/v1/rounds/${planned.id}`), move);
  return authority.get(`/v1/rounds/${planned.id}`);
}
/** A round whose places wait for both sides' answers. */
export async function confirming() {
  return (await person('government')).move('rounds', await published(), 'ask');
}
export { once, person };
