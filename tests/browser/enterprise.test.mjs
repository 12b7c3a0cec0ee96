// What an enterprise does in the portal: the way from a need to the money, by mouse and by keyboard alone, a refusal and
// its repair, a draft that outlives the session, consents, a change that is tried before it is made.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { person } from './support/cases.mjs';
import * as cases from './support/enterprise_cases.mjs';
import { fill, press, tick } from './support/keyboard.mjs';
import { LOGINS, checkPage, eventually, password, settled, useBrowser, window } from './support/portal.mjs';

useBrowser();

/** The pages of a need ask the server about what is there so far; it answers with what is missing. */
const UNFINISHED = /^answer 422: POST \S+\/matches\/preview/;

const at = async (page, pattern, heading) => {
  await page.waitForURL(pattern);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  await settled(page);
};

test('by keyboard alone: sign in, post a need, see the matches, apply, accept', async (t) => {
  const { page, go, expect } = await window(t);
  expect(UNFINISHED);
  await go('/sign-in');
  await fill(page, /^用户名/, LOGINS.enterprise);
  await fill(page, /^密码/, password);
  await page.keyboard.press('Enter');
  await at(page, '**/', /广州华银/);
  await press(page, /^发布融资需求$/);
  await at(page, '**/needs/new', /发布融资需求/);
  await press(page, /^继续$/);
  await at(page, '**/needs/new/amount', /金额与期限/);
  await fill(page, /^融资金额/, '720');
  await fill(page, /^期限/, '12');
  await press(page, /^保存并继续$/);
  await at(page, '**/needs/new/kinds', /融资方式/);
  await tick(page, /^知识产权质押$/);
  await press(page, /^保存并继续$/);
  await at(page, '**/needs/new/purpose', /用途/);
  await tick(page, /^流动资金$/);
  await press(page, /^保存并继续$/);
  await at(page, '**/needs/new/backing', /担保物/);
  await tick(page, /^知识产权$/);
  await press(page, /^保存并继续$/);
  await at(page, '**/needs/new/facts', /补充信息/);
  await press(page, /^保存并继续$/);
  await at(page, '**/needs/new/audience', /公开范围/);
  await press(page, /^保存并继续$/);
  await at(page, '**/needs/new/check', /检查答案/);
  assert.match(await page.locator('#main').textContent(), /720 万元/);
  await checkPage(page, 'check answers');
  await press(page, /^我确认并提交$/);
  await at(page, '**/posted', /已提交/);
  const number = await page.locator('.confirmation-number').textContent();
  assert.match(number, /^N\d{8}-/);
  await press(page, /^查看匹配结果$/);
  await at(page, '**/matches', /匹配结果/);
  await tick(page, /^选择/);
  await press(page, /^申请所选 1 个$/);
  await at(page, '**/apply?pick=*', /确认申请/);
  await press(page, /^我确认，申请这 1 个产品$/);
  await page.getByRole('heading', { level: 1, name: /已提交 1 份申请/ }).waitFor();
  await press(page, /^查看进度$/);
  await at(page, '**/needs/*', /融资需求/);

  const enterprise = await person('enterprise');
  const need = (await enterprise.get('/v1/needs?limit=50')).items.find((each) => each.request_no === number);
  assert.ok(need, number);
  await cases.offer((await enterprise.get(`/v1/applications?need_id=${need.id}`)).items[0], { amount_fen: 720000000 });
  await page.reload();
  await settled(page);
  await press(page, /^并排比较方案$/);
  await at(page, '**/offers', /并排比较/);
  await press(page, /^接受/);
  await at(page, '**/accept', /接受授信方案/);
  await press(page, /^我确认，接受这份方案$/);
  await at(page, '**/accepted', /已接受/);
  assert.equal(await page.locator('.confirmation-number').textContent(), number);
  assert.equal((await enterprise.get(`/v1/needs/${need.id}`)).state, 'accepted');
});

test('several products are applied for at once, each with its institution; the need shows whose turn each is', async (t) => {
  const { page, go } = await window(t, { as: 'enterprise' });
  const need = await cases.need({ kinds: ['ip_pledge', 'credit_loan'], amount_fen: 100_000_000 });
  const enterprise = await person('enterprise');
  const { eligible, unknown } = await enterprise.get(`/v1/needs/${need.id}/matches`);
  const first = eligible[0];
  const second = [...eligible, ...unknown].find((one) => one.product.institution_id !== first.product.institution_id);
  assert.ok(second, 'two institutions have something for the need');
  await go(`/needs/${need.id}/matches`);
  for (const one of [first, second]) await page.getByRole('checkbox', { name: `选择 ${one.product.name_zh}` }).first().check();
  await page.getByRole('link', { name: '申请所选 2 个' }).click();
  await at(page, '**/apply?pick=*', /确认申请/);
  const asks = await page.locator('#main').innerText();
  for (const one of [first, second]) assert.ok(asks.includes(one.product.name_zh), one.product.name_zh);
  await checkPage(page, 'applying for two');
  await page.getByRole('button', { name: '我确认，申请这 2 个产品' }).click();
  await page.getByRole('heading', { level: 1, name: /已提交 2 份申请/ }).waitFor();
  const { items } = await enterprise.get(`/v1/applications?need_id=${need.id}`);
  assert.deepEqual(items.map((one) => one.product_id).sort(), [first.product.id, second.product.id].sort());
  assert.ok(items.every((one) => one.state === 'received'));
  await page.getByRole('link', { name: '查看进度' }).click();
  await at(page, '**/needs/*', /融资需求/);
  const rows = page.getByRole('region', { name: '申请与接单' }).getByRole('listitem');
  assert.equal(await rows.count(), 2);
  for (const text of await rows.allInnerTexts()) assert.match(text, /已受理[\s\S]*等待金融机构[\s\S]*剩余/);
});

test('offers are told apart by their all-in cost; the accepted one becomes money that the enterprise confirms', async (t) => {
  const { page, go } = await window(t, { as: 'enterprise' });
  const { need, offer } = await cases.twoOffers({ conditions: '专利质押登记完成' });
  await go(`/needs/${need.id}/offers`);
  const rows = page.getByRole('table').getByRole('row');
  assert.match(await rows.nth(1).textContent(), /浦发银行广州分行.*最低/s);
  assert.doesNotMatch(await rows.nth(2).locator('td').first().textContent(), /最低/);
  await page.getByLabel('只看不同之处').check();
  assert.equal(await page.getByRole('columnheader', { name: '担保要求' }).count(), 0, 'what is the same is gone');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '导出 CSV' }).click()]);
  assert.deepEqual([...readFileSync(await file.path()).subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  assert.ok((await page.pdf()).length > 1000);

  await page.getByRole('link', { name: /接受 浦发/ }).click();
  await at(page, '**/accept', /接受授信方案/);
  await eventually(async () => assert.match(await page.locator('#main').textContent(), /中国银行/, 'it says which other offer ends'));
  await page.getByRole('button', { name: '我确认，接受这份方案' }).click();
  await at(page, '**/accepted', /已接受/);
  await cases.payOut(offer.id);
  await go(`/needs/${need.id}`);
  await page.getByRole('button', { name: '确认收款并办结' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '确认收款并办结' }).click();
  await eventually(async () => assert.equal(await page.locator('.stepper-at').textContent(), '办结进行中'));
  const { items } = await (await person('enterprise')).get(`/v1/offers?need_id=${need.id}`);
  assert.deepEqual(items.map((one) => one.state).sort(), ['disbursed', 'not_chosen']);
});

test("an offer without its guarantee's fee says so and is not called lowest, and nothing dearer is", async (t) => {
  const { page, go } = await window(t, { as: 'enterprise' });
  const { need } = await cases.twoOffers({ rate: { base: 'fixed', value_ppm: 21000 }, guarantee_required: true, conditions: '销售回款归集至本行' });
  await go(`/needs/${need.id}/offers`);
  const [unsure, dearer] = [1, 2].map((row) => page.getByRole('table').getByRole('row').nth(row));
  assert.match(await unsure.textContent(), /中国银行.*未含担保费.*首期 .*销售回款归集至本行/s);
  const cost = (row) => row.getByRole('cell').first().textContent();
  for (const row of [unsure, dearer]) assert.doesNotMatch(await cost(row), /最低/);
  await checkPage(page, 'offers of which one is not whole');
  await unsure.getByRole('link', { name: /^接受/ }).click();
  await at(page, '**/accept', /接受授信方案/);
  const terms = await page.getByRole('region', { name: '完整条款' }).textContent();
  assert.match(terms, /未含担保费/);
  assert.match(terms, /首期还款¥[\d,]+\.\d\d/);
});

test('a refusal tells its reason and how to repair it; the need opens again and is applied for again', async (t) => {
  const { page, go } = await window(t, { as: 'enterprise' });
  const { need, application } = await cases.freshRefusal();
  await go(`/applications/${application.id}`);
  const told = page.locator('.notice-warn');
  assert.match(await told.textContent(), /抵质押物不足/);
  assert.match(await told.textContent(), /请补充新的评估报告/);
  assert.match(await told.textContent(), /怎么修复.*增加抵质押物/s);
  await told.getByRole('link', { name: '回到融资需求' }).click();
  await at(page, `**/needs/${need.id}`, /融资需求/);
  await page.getByRole('button', { name: '修复后重新开放' }).click();
  await checkPage(page, 'reopen');
  await page.getByRole('dialog').getByRole('button', { name: '修复后重新开放' }).click();
  await eventually(async () => assert.match(await page.locator('.stepper-at').textContent(), /已发布/));
  await page.getByRole('link', { name: /^匹配结果/ }).click();
  await at(page, '**/matches', /匹配结果/);
  await page.getByRole('checkbox', { name: /^选择/ }).first().check();
  await page.getByRole('link', { name: /^申请所选/ }).click();
  await at(page, '**/apply?pick=*', /确认申请/);
  await page.getByRole('button', { name: /^我确认/ }).click();
  await page.getByRole('heading', { level: 1, name: /已提交/ }).waitFor();
  const { items } = await (await person('enterprise')).get(`/v1/applications?need_id=${need.id}`);
  assert.deepEqual(items.map((one) => one.state), ['received', 'refused']);
});

test('a draft outlives the session and the page; signing in again goes on with it', async (t) => {
  const { page, go, context, expect } = await window(t, { as: 'enterprise' });
  expect(/^answer 401/);
  expect(UNFINISHED);
  await go('/needs/new/amount');
  await page.getByLabel('融资金额').fill('345.6');
  await page.getByLabel('期限').fill('18');
  await context.clearCookies();
  await page.getByRole('button', { name: '保存并继续' }).click();
  const dialog = page.getByRole('dialog', { name: '请重新登录' });
  await dialog.waitFor();
  await dialog.getByLabel('密码').fill(password);
  await page.keyboard.press('Enter');
  await at(page, '**/needs/new/kinds', /融资方式/);
  await page.reload();
  await settled(page);
  await go('/needs/new/amount');
  assert.equal(await page.getByLabel('融资金额').inputValue(), '345.6');
  assert.equal(await page.getByLabel('期限').inputValue(), '18');
  await go('/');
  await page.getByText('您有一份未提交的融资需求').waitFor();
});

test("a page of the need tells its own faults, in the server's words, and keeps the others for their pages", async (t) => {
  const { page, go, expect } = await window(t, { as: 'enterprise' });
  expect(UNFINISHED);
  await go('/needs/new/amount');
  await page.getByLabel('融资金额').fill('0.01');
  await page.getByLabel('最低可接受金额').fill('5');
  await page.getByRole('button', { name: '保存并继续' }).click();
  const summary = page.getByRole('alert');
  await summary.waitFor();
  assert.ok(await summary.getByRole('link', { name: /融资金额/ }).count());
  assert.equal(await summary.getByRole('link', { name: /用途/ }).count(), 0);
  await checkPage(page, 'faults of a page');
});

test('each answer leads back to the page that asks it, and a fault is told by the name of its field', async (t) => {
  const { page, go, expect } = await window(t, { as: 'enterprise' });
  expect(UNFINISHED);
  expect(/^answer 422: POST \S+\/needs/);
  const save = () => page.getByRole('button', { name: '保存并继续' }).click();
  await go('/needs/new/amount');
  await page.getByLabel('融资金额').fill('300');
  await page.getByLabel('最低可接受金额').fill('400');
  await go('/needs/new/kinds');
  await page.getByLabel('应急转贷').check();
  await page.getByLabel('转贷期限').fill('10');
  await save();
  await at(page, '**/needs/new/purpose', /用途/);
  await page.getByLabel('流动资金').check();
  await save();
  await at(page, '**/needs/new/backing', /担保物/);
  await page.getByLabel('不动产').check();
  await page.getByLabel(/^担保物价值/).fill('500');
  await go('/needs/new/check');
  const answers = page.locator('#main');
  await eventually(async () => assert.match(await answers.textContent(), /转贷期限10 天/));
  await page.getByRole('button', { name: '我确认并提交' }).click();
  const told = page.locator('.notice-bad');
  await told.waitFor();
  assert.match(await told.textContent(), /最低可接受金额 —/);
  await checkPage(page, 'answers with a fault');
  await page.getByRole('link', { name: /^修改 担保物价值/ }).click();
  await at(page, '**/needs/new/backing', /担保物/);
  assert.equal(await page.getByLabel(/^担保物价值/).inputValue(), '500');
});

test('the term of a bridge is told in days wherever a need is', async (t) => {
  const { page, go } = await window(t, { as: 'enterprise' });
  const { id, request_no: no } = await cases.need({ kinds: ['bridge'], term_months: undefined, term_days: 9 });
  for (const list of ['/', '/needs']) {
    await go(list);
    assert.match(await page.getByRole('row').filter({ hasText: no }).textContent(), /9 天/, list);
  }
  for (const one of [`/needs/${id}`, `/needs/${id}/matches`]) {
    await go(one);
    assert.match(await page.locator('.page-head').textContent(), /9 天/, one);
  }
});

test('a need that another one begins does not take the place of an unfinished draft unasked', async (t) => {
  const { page, go, expect } = await window(t, { as: 'enterprise' });
  expect(UNFINISHED);
  const need = await cases.nearMiss();
  const begin = async () => {
    await go(`/needs/${need.id}/matches`);
    await page.getByRole('button', { name: /^试算：/ }).first().click();
    await page.locator('.near .notice').first().getByRole('button', { name: '按此条件发布新需求' }).click();
    const dialog = page.getByRole('dialog', { name: '您有一份未完成的草稿' });
    await dialog.waitFor();
    return dialog;
  };
  await go('/needs/new/amount');
  await page.getByLabel('融资金额').fill('123');
  const asked = await begin();
  await checkPage(page, 'a draft that would be lost');
  await asked.getByRole('button', { name: '保留草稿' }).click();
  await go('/needs/new/amount');
  assert.equal(await page.getByLabel('融资金额').inputValue(), '123');
  await (await begin()).getByRole('button', { name: '替换草稿' }).click();
  await at(page, '**/needs/new/check', /检查答案/);
  assert.doesNotMatch(await page.locator('#main').textContent(), /123 万元/);
});

test('a near miss by any kind of condition can be tried: above, none of, a share that must cover the amount', async (t) => {
  const facts = { tax_grade: 'M', employees: 12, contract_fen: 100_000_000 };
  const name = `试算产品 ${Date.now() % 100000}`;
  const rules = [
    { fact: 'contract_fen', op: 'ratio_ge', value: 500000 }, { fact: 'contract_fen', op: 'gt', value: 400_000_000 },
    { fact: 'tax_grade', op: 'not_in', value: ['M', 'D'] }, { fact: 'tax_grade', op: 'ne', value: 'M' }, { fact: 'employees', op: 'lt', value: 12 },
  ];
  for (const [i, rule] of rules.entries()) await cases.listed(`${name}-${i}`, [rule]);
  const change = { kinds: ['credit_loan'], amount_fen: 200_000_000, facts };
  await eventually(async () => {
    const { near } = await (await person('enterprise')).post('/v1/matches/preview', { ...cases.NEED, ...change });
    assert.equal(near.filter((one) => one.product.name_zh.startsWith(name)).length, rules.length, 'the catalogue has all of them');
  });
  const need = await cases.need(change);
  const { page, go } = await window(t, { as: 'enterprise' });
  await go(`/needs/${need.id}/matches`);
  for (const i of rules.keys()) {
    const near = page.locator('.near').filter({ hasText: `${name}-${i}` });
    await near.getByRole('button', { name: /^试算：/ }).click();
    await eventually(async () => assert.match(await near.locator('.notice').textContent(), /这个产品将符合/, JSON.stringify(rules[i])));
  }
});

test('a near miss names the smallest change; trying it stores nothing, and it becomes a new need when wished', async (t) => {
  const { page, go } = await window(t, { as: 'enterprise' });
  const need = await cases.nearMiss();
  const posted = [];
  page.on('request', (asked) => asked.method() === 'POST' && new URL(asked.url()).pathname === '/v1/needs' && posted.push(asked));
  await go(`/needs/${need.id}/matches`);
  await page.getByRole('button', { name: /^试算：/ }).first().click();
  const trial = page.locator('.near .notice').first();
  await trial.waitFor();
  assert.match(await trial.textContent(), /改动后符合 \d+ 个产品，现为 \d+ 个/);
  await checkPage(page, 'a trial');
  assert.equal(posted.length, 0, 'nothing was posted');
  await trial.getByRole('button', { name: '按此条件发布新需求' }).click();
  await at(page, '**/needs/new/check', /检查答案/);
});

test('what is unknown leads to telling it; the need is matched again with the fact, whose source is named', async (t) => {
  const { page, go } = await window(t, { as: 'enterprise' });
  const need = await cases.unknownFact();
  await go(`/needs/${need.id}/matches`);
  const link = page.getByRole('link', { name: '填写近3个月征信查询' });
  await link.first().click();
  await at(page, '**/profile/facts/**', /近3个月征信查询/);
  await page.locator('#f-facts-credit_enquiries_3m-value').fill('2');
  await page.getByRole('button', { name: '保存并重新匹配' }).click();
  await at(page, '**/matches', /匹配结果/);
  assert.equal(await link.count(), 0, 'it is known now');
  const fact = (await (await person('enterprise')).get(`/v1/enterprises/${need.enterprise.id}`)).facts.credit_enquiries_3m;
  assert.deepEqual([fact.value, fact.source], [2, 'declared']);
});

test('what is cleared in the profile is gone, and the registration says whose word it is', async (t) => {
  const { page, go } = await window(t, { as: 'enterprise' });
  const own = await person('enterprise');
  const { enterprise_id } = await own.get('/v1/sessions/current');
  const fill = async (address) => {
    await go('/profile/change');
    await page.getByLabel(/^地址/).fill(address);
    await page.getByRole('button', { name: '保存' }).click();
    await at(page, '**/profile', /企业档案/);
    return (await own.get(`/v1/enterprises/${enterprise_id}`)).address;
  };
  assert.equal(await fill('天河路 1 号'), '天河路 1 号');
  assert.match(await page.getByRole('region', { name: '登记信息' }).textContent(), /来源与日期企业申报，\d{4}-\d\d-\d\d.*核验于 \d{4}-/s);
  assert.equal(await fill(''), null);
});

test('a product that is listed later rings the bell, and the bell leads to it', async (t) => {
  await cases.need({ amount_fen: 650000000 });
  const { page, go } = await window(t, { as: 'enterprise' });
  await go('/');
  const [maker, name] = [await person('bank'), `知识产权质押新品 ${Date.now() % 100000}`];
  const draft = await maker.post('/v1/products', {
    kind: 'ip_pledge', name_zh: name, name_en: 'New IP pledge', amount_min_fen: 10000000, amount_max_fen: 3000000000, term_min_months: 3,
    term_max_months: 36, rate: { base: 'fixed', low_ppm: 30000, high_ppm: 32000 }, repayments: ['interest_first'], promised_hours: 8,
  });
  await (await person('bankChecker')).move('products', await maker.move('products', draft, 'submit'), 'publish');
  const entry = page.getByRole('link', { name: new RegExp(`新上架的“${name}”可以满足`) });
  await page.getByRole('button', { name: /未读消息/ }).click();
  await entry.waitFor();
  assert.match(await entry.textContent(), /^融资需求 \S+：/);
  await checkPage(page, 'a product that fits');
  await entry.click();
  await at(page, '**/needs/*/matches', /匹配结果/); // of the newest need that it fits
  await page.getByRole('button', { name: '重新匹配' }).click();
  await page.getByText(name).first().waitFor();
});

test('who may look because of applications is told once, with the number of them; they unfold', async (t) => {
  await cases.freshRefusal(); // somebody applied before
  const own = await person('enterprise');
  const need = await cases.need();
  const bank = await person('bank');
  for (const one of [need, await cases.need({ amount_fen: 330_000_000 })]) await bank.post('/v1/applications', { need_id: one.id });
  const { page, go } = await window(t, { as: 'enterprise' });
  await go('/consents');
  const panel = page.getByRole('region', { name: '因申请可以查看的机构' });
  const group = panel.locator('details').filter({ hasText: '浦发银行广州分行' });
  assert.equal(await group.count(), 1);
  const told = Number(/(\d+) 笔申请/.exec(await group.locator('summary').innerText())[1]);
  assert.ok(told >= 2);
  assert.equal(await group.getByRole('link').first().isVisible(), false);
  await group.locator('summary').press('Enter');
  await eventually(async () => assert.equal(await group.getByRole('link').count(), told));
  await checkPage(page, 'who may look');
  await group.getByRole('link').first().click();
  await at(page, /\/applications\/[0-9a-f-]{36}$/, /浦发银行广州分行/);
  const newest = (await own.get('/v1/applications')).items.find((one) => one.institution.name_zh === '浦发银行广州分行' && one.waits_for);
  assert.match(page.url(), new RegExp(newest.id));
});

test('a consent is given until a day and taken back', async (t) => {
  const { page, go, expect } = await window(t, { as: 'enterprise' });
  expect(/^answer 404: GET \S+\/views\b/);
  await go('/consents');
  await page.getByRole('button', { name: '新增授权' }).click();
  const dialog = page.getByRole('dialog', { name: '新增授权' });
  await dialog.getByLabel('机构').selectOption({ label: '中国工商银行' });
  await dialog.getByLabel('用途').fill('洽谈综合授信');
  const year = String(new Date().getFullYear() + 1);
  await dialog.getByLabel('年').fill(year);
  await dialog.getByLabel('月').fill('3');
  await dialog.getByLabel('日').fill('15');
  await checkPage(page, 'a consent');
  await dialog.getByRole('button', { name: '我同意授权' }).click();
  const row = page.getByRole('row', { name: /中国工商银行/ }).first();
  await row.waitFor();
  assert.match(await row.textContent(), new RegExp(`${year}-03-15`));
  await row.getByRole('button', { name: /^撤回/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: '撤回授权' }).click();
  await eventually(async () => assert.match(await row.textContent(), /已于/));
});
