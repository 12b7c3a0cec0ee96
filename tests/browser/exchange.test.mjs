// What goes back and forth between an enterprise and others: other terms asked for, papers wanted, a guarantee, the first
// registration, a round of matchmaking. Each side in a browser of its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { person, today } from './support/cases.mjs';
import * as cases from './support/enterprise_cases.mjs';
import { applicant, confirming, doubtfulCode } from './support/government_cases.mjs';
import { checkPage, eventually, picture, settled, useBrowser, window } from './support/portal.mjs';

useBrowser();

const arrives = async (page, pattern) => {
  await page.waitForURL(pattern);
  await settled(page);
};
/** Presses a move and the same in the dialog that asks. */
async function moves(page, name, fill = async () => {}) {
  await page.locator('#main').getByRole('button', { name, exact: true }).first().click();
  const dialog = page.getByRole('dialog').last();
  await fill(dialog);
  await dialog.getByRole('button', { name, exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
  await settled(page);
}

test('an enterprise asks for other terms; the bank answers with a second offer, and both rounds stay on record', async (t) => {
  const need = await cases.need();
  const first = await cases.offer(await cases.application(need));
  const enterprise = await window(t, { as: 'enterprise' });
  await enterprise.go(`/offers/${first.id}`);
  await enterprise.page.getByRole('button', { name: '议价' }).click();
  const dialog = enterprise.page.getByRole('dialog');
  await checkPage(enterprise.page, 'counter-offer');
  await dialog.getByLabel('希望的年利率').fill('3.5');
  await dialog.getByLabel('说明', { exact: true }).fill('他行已报 3.6%，希望降低利率。');
  await dialog.getByRole('button', { name: '议价' }).click();
  await enterprise.page.getByText('您提出的条件').waitFor();
  await enterprise.page.getByText(/3\.5%.*他行已报/).waitFor();
  assert.equal(await enterprise.page.getByRole('link', { name: '接受这份方案' }).count(), 0, 'meanwhile it cannot be accepted');
  await enterprise.go(`/needs/${need.id}/offers`);
  const alive = enterprise.page.getByRole('table').getByRole('row').filter({ has: enterprise.page.locator(`a[href="/offers/${first.id}"]`) });
  assert.match(await alive.innerText(), /议价中[\s\S]*等待金融机构[\s\S]*剩余/, 'it stands among those alive, with whose turn it is');
  assert.equal(await enterprise.page.getByRole('region', { name: '其他方案' }).count(), 0);
  await checkPage(enterprise.page, 'offers, one being thought over');

  const maker = await window(t, { as: 'bank' });
  await maker.go(`/offers/${first.id}`);
  await maker.page.getByText('企业希望调整条款').waitFor();
  await checkPage(maker.page, 'countered offer');
  await maker.page.getByRole('link', { name: '修改并重新提交' }).click();
  await arrives(maker.page, '**/offer');
  await maker.page.getByText(/利率 3\.5%/).waitFor();
  assert.equal(await maker.page.getByLabel('金额', { exact: true }).inputValue(), '800', 'the last terms are where the new ones begin');
  await maker.page.getByLabel('加点').fill('0.5');
  await maker.page.getByRole('button', { name: '提交审批' }).click();
  await arrives(maker.page, '**/offers/*');
  const second = new URL(maker.page.url()).pathname;
  const checker = await window(t, { as: 'bankChecker' });
  await checker.go(second);
  await moves(checker.page, '审批通过');

  await enterprise.go(`/needs/${need.id}/offers`);
  await enterprise.page.locator(`a[href^="${second}"]`).first().waitFor();
  await enterprise.go(second);
  await enterprise.page.getByText('第 2 轮').waitFor();
  await enterprise.page.getByRole('link', { name: '接受这份方案' }).waitFor();
  const { items } = await (await person('enterprise')).get(`/v1/offers?need_id=${need.id}`);
  assert.deepEqual(items.map(({ round, state }) => [round, state]).sort(), [[1, 'superseded'], [2, 'offered']]);
});

test('the bank asks for papers with what is missing; the enterprise finds it on its first page and supplies them', async (t) => {
  const need = await cases.need();
  const applied = await cases.application(need);
  const bank = await window(t, { as: 'bank' });
  await bank.go(`/applications/${applied.id}`);
  await moves(bank.page, '要求补件', async (dialog) => {
    await checkPage(bank.page, 'papers wanted');
    await dialog.getByLabel('原因', { exact: true }).selectOption({ index: 1 });
    await dialog.getByLabel('原因说明').fill('请补充近 12 个月的银行流水和专利证书复印件。');
  });
  assert.equal((await (await person('bank')).get(`/v1/applications/${applied.id}`)).state, 'action_required');

  const enterprise = await window(t, { as: 'enterprise' });
  await enterprise.go('/');
  await enterprise.page.getByRole('link', { name: `${need.request_no}：补充银行要求的材料` }).click();
  await arrives(enterprise.page, `**/applications/${applied.id}`);
  await enterprise.page.getByText('请补充近 12 个月的银行流水和专利证书复印件。').first().waitFor();
  await checkPage(enterprise.page, 'papers to supply');
  await picture(enterprise.page, 'enterprise-papers-zh-1280');
  await moves(enterprise.page, '已补件');
  await bank.page.locator('.page-head').getByText('已受理').waitFor();

  // From here on nothing is refused and nothing is wanted: the reason ended with its state, but for the record of it.
  const { page, go } = enterprise;
  const nothingIsRefused = async (state) => {
    await go(`/applications/${applied.id}`);
    await page.locator('.stepper-at').getByText(state).waitFor();
    assert.equal(await page.locator('.notice-warn').count(), 0, `no warning: ${state}`);
    assert.doesNotMatch(await page.locator('#main').innerText(), /被拒绝|由谁修复/);
    await page.getByRole('region', { name: '办理记录' }).getByText(/请补充近 12 个月的银行流水/).waitFor();
  };
  await nothingIsRefused('已受理');
  const [maker, checker, own] = await Promise.all(['bank', 'bankChecker', 'enterprise'].map(person));
  const terms = {
    application_id: applied.id, amount_fen: cases.NEED.amount_fen, term_months: 12, rate: { base: 'lpr_1y', value_ppm: 8500 },
    repayment: 'interest_first', valid_until: new Date(Date.now() + 15 * 86_400_000).toISOString().slice(0, 10),
  };
  await checker.move('offers', await maker.post('/v1/offers', terms), 'send_back', { reason_code: 'R21', reason_text: '内部意见：利率低于分行底线，请重新测算。' });
  await go(`/applications/${applied.id}`);
  await page.locator('.stepper-at').getByText('尽调').waitFor();
  assert.doesNotMatch(await page.locator('#main').innerText(), /内部意见|被拒绝/, 'what the checker wants is between the desks');
  await bank.go(`/applications/${applied.id}`);
  await bank.page.getByText('内部意见：利率低于分行底线，请重新测算。').first().waitFor();
  const offer = await checker.move('offers', await maker.post('/v1/offers', terms), 'approve');
  await nothingIsRefused('已报方案');
  await own.move('offers', offer, 'accept');
  await nothingIsRefused('已接受');
});

test('a refusal is told as one, an agreement that fell through as that; each with its reason', async (t) => {
  const need = await cases.need();
  const offer = await cases.offer(await cases.application(need));
  const [checker, own] = await Promise.all(['bankChecker', 'enterprise'].map(person));
  await checker.move('offers', await own.move('offers', offer, 'accept'), 'fall_through', { reason_code: 'R14', reason_text: '企业未能提供约定的用途证明材料。' });
  const { page, go } = await window(t, { as: 'enterprise' });
  await go(`/applications/${offer.application_id}`);
  await page.locator('.notice-warn').getByText('未落地', { exact: true }).waitFor();
  await page.locator('.notice-warn').getByText('企业未能提供约定的用途证明材料。').waitFor();
  await checkPage(page, 'fell through');
  const { application } = await cases.freshRefusal();
  await go(`/applications/${application.id}`);
  await page.locator('.notice-warn').getByText('申请被拒绝', { exact: true }).waitFor();
});

test('a guarantee that an offer wants is asked for where the offer is; who does not work with the bank says so', async (t) => {
  const need = await cases.need();
  const applied = await cases.application(need);
  await cases.offer(applied, { guarantee_required: true });
  const { page, go } = await window(t, { as: 'enterprise' });
  await go(`/applications/${applied.id}`);
  const panel = page.getByRole('region', { name: '申请融资担保' });
  await panel.getByText('银行的方案须有融资担保').waitFor();
  await checkPage(page, 'a guarantee is wanted');
  await panel.getByLabel('担保产品').selectOption({ label: '示例政府性融资担保机构（广东） · 示例小微企业融资担保（广东）' });
  await panel.getByRole('button', { name: '向担保机构申请' }).click();
  await arrives(page, '**/guarantee-cases/*');
  await page.getByText('示例政府性融资担保机构（广东）').first().waitFor();
  await go(`/applications/${applied.id}`);
  assert.equal(await panel.count(), 0, 'it is asked for once');
  // Whoever's turn it is stands there with the time they have, on the application's page and on the need's.
  const waiting = /已申请[\s\S]*等待担保机构[\s\S]*剩余/;
  assert.match(await page.getByRole('region', { name: '担保业务' }).getByRole('listitem').innerText(), waiting);
  assert.match(await page.getByRole('region', { name: '授信方案' }).getByRole('listitem').innerText(), /等待企业[\s\S]*剩余/);
  assert.match(await page.getByRole('region', { name: '办理记录' }).locator('.timeline-pending').innerText(), /等待企业[\s\S]*剩余/);
  await go(`/needs/${need.id}`);
  const guarantee = page.getByRole('region', { name: '担保业务' }).getByRole('listitem');
  assert.match(await guarantee.innerText(), waiting);
  await checkPage(page, 'a need with a guarantee');
  await guarantee.getByRole('link').click();
  await arrives(page, '**/guarantee-cases/*');
});

test('whoever has no enterprise yet registers it: a code that is taken or doubtful is told at its field, the draft is kept, needs may follow', async (t) => {
  const { page, go, expect } = await window(t, { login: await applicant() });
  expect(/^answer 4(09|22): POST \S+\/v1\/enterprises/);
  const taken = (await (await person('operator')).get('/v1/enterprises?verification=verified&limit=1')).items[0].uscc; // others' codes may be doubtful
  await go('/');
  await page.getByRole('link', { name: '登记企业' }).click();
  await arrives(page, '**/register');
  const name = `广州自行登记${Date.now() % 1_000_000}有限公司`;
  await page.getByLabel('统一社会信用代码').fill(taken);
  await page.getByLabel('企业名称').fill(name);
  const choose = async (label, typed, option) => {
    await page.getByLabel(label, { exact: true }).fill(typed);
    await page.getByRole('option', { name: option }).first().click();
  };
  await choose('地区', '天河', /天河区/);
  await choose('行业', '软件开发', /软件开发/);
  await page.getByRole('button', { name: '登记', exact: true }).click();
  await page.getByRole('alert').getByRole('link', { name: /统一社会信用代码已登记/ }).click();
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'f-uscc');
  await checkPage(page, 'registration refused');
  await page.reload();
  await settled(page);
  assert.equal(await page.getByLabel('企业名称').inputValue(), name, 'the draft is kept');
  const confirmed = page.getByRole('checkbox', { name: '与营业执照完全一致，请人工核验' });
  assert.equal(await confirmed.count(), 0, 'a taken code is not to be confirmed');
  await page.getByLabel('统一社会信用代码').fill(doubtfulCode());
  await page.getByRole('button', { name: '登记', exact: true }).click();
  await page.getByRole('alert').getByRole('link', { name: /校验位不符/ }).click();
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'f-uscc');
  await checkPage(page, 'registration with a doubtful code');
  await confirmed.check();
  await page.getByRole('button', { name: '登记', exact: true }).click();
  await arrives(page, '**/profile');
  await page.getByText(name).first().waitFor();
  await page.getByText('待核验').first().waitFor();
  await go('/');
  await page.getByRole('heading', { level: 1, name }).waitFor();
  await page.getByRole('link', { name: '发布融资需求' }).first().click();
  await arrives(page, '**/needs/new');
});

test('a round: needs and slots are registered, the result is published, both sides confirm, the intent is recorded, both tell what came of it', async (t) => {
  const authority = await person('government');
  const inDays = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const planned = await authority.post('/v1/rounds', { name: `对接会 ${Date.now() % 100_000}`, region_code: '440000', registers_until: inDays(7), meets_on: inDays(14), venue: '广州市' });
  const round = await authority.move('rounds', planned, 'open');
  const move = async (action) => authority.move('rounds', await authority.get(`/v1/rounds/${round.id}`), action);
  const wanted = await cases.need({ amount_fen: 310_000_000 });
  const left = await cases.need({ amount_fen: 320_000_000 });

  const enterprise = await window(t, { as: 'enterprise' });
  await enterprise.go('/rounds');
  await enterprise.page.getByRole('link', { name: round.name }).click();
  await arrives(enterprise.page, `**/rounds/${round.id}`);
  const registered = enterprise.page.getByRole('region', { name: '已报名的需求' });
  for (const need of [wanted, left]) {
    await enterprise.page.getByRole('button', { name: `报名 ${need.request_no}` }).click();
    await registered.getByText(need.request_no).waitFor();
  }
  await registered.getByRole('listitem').filter({ hasText: left.request_no }).getByRole('button', { name: /^退出/ }).click();
  await eventually(async () => assert.equal(await registered.getByText(left.request_no).count(), 0));
  await checkPage(enterprise.page, 'registered for a round');

  const bank = await window(t, { as: 'bank' });
  await bank.go(`/rounds/${round.id}`);
  const [form, facts] = ['本机构报名', '对接会'].map((name) => bank.page.getByRole('region', { name, exact: true }));
  const [wide, narrow] = [await form.boundingBox(), await facts.boundingBox()];
  assert.ok(wide.width > narrow.width && narrow.x >= wide.x + wide.width, 'the form has the main column, the facts stand aside');
  await bank.page.getByText('结果公布后显示在这里').waitFor();
  await checkPage(bank.page, 'registering for a round');
  await bank.page.getByLabel('席位（笔数）').fill('2');
  await bank.page.getByLabel('额度', { exact: false }).first().fill('5000');
  await bank.page.getByRole('button', { name: '提交报名' }).click();
  await eventually(async () => assert.equal((await authority.get(`/v1/rounds/${round.id}`)).counts.slots, 2));
  for (const action of ['seal', 'run', 'publish', 'ask']) await move(action);

  await enterprise.go(`/rounds/${round.id}`);
  const result = enterprise.page.getByRole('region', { name: '对接结果' });
  await result.getByText('浦发银行广州分行').waitFor();
  await checkPage(enterprise.page, 'result of a round');
  await picture(enterprise.page, 'enterprise-round-confirming-zh-1280');
  await result.getByRole('button', { name: '接受对接' }).click();
  await eventually(async () => assert.match(await result.innerText(), /您的答复\s*接受/));
  await bank.go(`/rounds/${round.id}`);
  await moves2(bank.page, '接受', '确认');
  await eventually(async () => assert.match(await bank.page.locator('tbody').innerText(), /接受/));
  await move('meet');
  await bank.go(`/rounds/${round.id}`);
  await bank.page.getByRole('button', { name: '登记意向' }).click();
  const dialog = bank.page.getByRole('dialog', { name: '登记意向' });
  assert.equal(await dialog.getByLabel('意向金额').inputValue(), '310', 'it begins with what was asked for');
  await checkPage(bank.page, 'intent');
  await dialog.getByLabel('意向金额').fill('300');
  await dialog.getByRole('button', { name: '登记意向' }).click();
  await bank.page.locator('tbody').getByText('300 万元').waitFor();

  const officer = await window(t, { as: 'government' });
  await officer.go(`/rounds/${round.id}?tab=results`);
  const row = officer.page.locator('tbody tr').filter({ hasText: '浦发银行广州分行' });
  assert.match(await row.innerText(), /300 万元/);
  await enterprise.go(`/rounds/${round.id}`);
  await result.getByText('300 万元').waitFor();

  for (const action of ['record_intents', 'follow_up']) await move(action);
  /** Tells of a follow-up day: whether there was contact, what was approved and what was paid out, in 万元. */
  const tells = async ({ page }, approved, funded) => {
    await page.getByRole('button', { name: '登记回访' }).click();
    const dialog = page.getByRole('dialog', { name: '登记回访' });
    await dialog.getByRole('group', { name: '双方是否已联系' }).getByLabel('已联系').check();
    await dialog.getByLabel('已批金额').fill(approved);
    await dialog.getByLabel('已放款金额').fill(funded);
    await dialog.getByRole('button', { name: '保存' }).click();
    return dialog;
  };
  await bank.go(`/rounds/${round.id}`);
  bank.expect(/answer 422/);
  const refused = await tells(bank, '280', '290');
  await refused.getByRole('alert').getByRole('link', { name: /已放款金额|不能/ }).waitFor();
  await checkPage(bank.page, 'follow-up');
  await picture(bank.page, 'bank-round-follow-up-zh-1280');
  await refused.getByLabel('已放款金额').fill('100');
  await refused.getByRole('button', { name: '保存' }).click();
  await bank.page.locator('tbody').getByText('第 7 天 · 金融机构：已联系；已批 280 万元，已放款 100 万元').waitFor();
  await bank.page.getByRole('button', { name: '登记回访' }).click();
  const next = bank.page.getByRole('dialog', { name: '登记回访' });
  assert.equal(await next.getByLabel('第 30 天').isChecked(), true, 'the next day that is not told');
  await next.getByLabel('第 7 天').check();
  assert.equal(await next.getByLabel('已批金额').inputValue(), '280', 'what was told of a day can be told anew');
  await next.getByRole('button', { name: '取消' }).click();
  await enterprise.go(`/rounds/${round.id}`);
  await tells(enterprise, '280', '90');
  await result.getByText('第 7 天 · 企业：已联系；已批 280 万元，已放款 90 万元').waitFor();
  await checkPage(enterprise.page, 'follow-up told');

  await officer.go(`/rounds/${round.id}?tab=figures`);
  await officer.page.getByRole('row', { name: /第 7 天回访 1 1 280 万元 1 100 万元 90 万元/ }).waitFor();
  await officer.page.getByText('统计口径', { exact: true }).click();
  await officer.page.getByText('机构在该日回访中登记了已批金额的结果笔数').waitFor();
  await checkPage(officer.page, 'figures of a round');
  await picture(officer.page, 'government-round-figures-zh-1280');
  const rows = officer.page.locator('tbody tr');
  await officer.page.getByRole('link', { name: '280 万元' }).click();
  await officer.page.getByText('指标“获批金额”的明细').waitFor();
  await eventually(async () => assert.equal(await rows.count(), 1));
  assert.match(await rows.innerText(), /浦发银行广州分行[^]*第 7 天 · 企业[^]*第 7 天 · 金融机构/);
  await checkPage(officer.page, 'rows of a figure of a round');
  await officer.go(`/rounds/${round.id}?tab=figures`);
  const declined = officer.page.locator('.figures-one').filter({ hasText: '企业或机构答复谢绝的结果笔数' });
  await declined.getByRole('link', { name: '0' }).click();
  await officer.page.getByText('指标“谢绝”的明细').waitFor();
  await eventually(async () => assert.equal(await rows.count(), 0));

  // Whose needs they are, without the one that left.
  await officer.go(`/rounds/${round.id}`);
  await officer.page.locator('.figures-one').filter({ hasText: '报名且没有退出的融资需求笔数' }).getByRole('link', { name: '1' }).click();
  await officer.page.getByText('指标“报名需求”的明细').waitFor();
  await eventually(async () => assert.equal(await rows.count(), 1));
  assert.match(await rows.innerText(), new RegExp(`${(await authority.get(`/v1/needs/${wanted.id}`)).enterprise.name}[^]*${wanted.request_no}`));
});
/** Presses a button of the page, then another one in the dialog that it opens. */
async function moves2(page, name, confirm) {
  await page.getByRole('button', { name, exact: true }).first().click();
  const dialog = page.getByRole('dialog').last();
  await dialog.getByRole('button', { name: confirm, exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
  await settled(page);
}

test('a place that is declined says so to both sides', async (t) => {
  const round = await confirming();
  const { page, go } = await window(t, { as: 'enterprise' });
  await go(`/rounds/${round.id}`);
  await page.getByRole('button', { name: '谢绝' }).first().click();
  await eventually(async () => assert.match(await page.getByRole('region', { name: '对接结果' }).innerText(), /您的答复\s*谢绝/));
  const bank = await window(t, { as: 'bank' });
  await bank.go(`/rounds/${round.id}`);
  await bank.page.locator('tbody tr').first().waitFor();
});
