// The bank's part of the main job, from the open need to the money, and the same maker's work without a mouse.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshNeed, person, today } from './support/cases.mjs';
import { strangersNeed } from './support/government_cases.mjs';
import { select } from './support/keyboard.mjs';
import { checkPage, eventually, picture, settled, useBrowser, window } from './support/portal.mjs';

useBrowser();
const [year, month, day] = today().split('-');

/** The heading of the page that a move leads to. */
const arrives = async (page, pattern) => {
  await page.waitForURL(pattern);
  await settled(page);
};
async function fillDate(page, year_, month_, day_) {
  await page.getByLabel('年', { exact: true }).fill(year_);
  await page.getByLabel('月', { exact: true }).fill(month_);
  await page.getByLabel('日', { exact: true }).fill(day_);
}

test('a need that none of our products was matched with says so in words', async (t) => {
  const need = await freshNeed({ kinds: ['equity'], collateral: undefined });
  const { page, go } = await window(t, { as: 'bank' });
  assert.deepEqual((await (await person('bank')).get(`/v1/needs/${need.id}`)).fits, []);
  await go('/needs?kind=equity');
  assert.match(await page.getByRole('row').filter({ hasText: need.request_no }).textContent(), /不在最近一次匹配结果中/);
  await go(`/needs/${need.id}`);
  await page.getByText('本行产品不在最近一次匹配保留的结果之列').waitFor();
});

test('a need is claimed, offered on, checked by another, contracted and paid out', async (t) => {
  const { need, name, owner } = await strangersNeed();
  const maker = await window(t, { as: 'bank' });
  await maker.go('/needs?to_claim=true');
  await maker.page.getByRole('link', { name: need.request_no }).click();
  await arrives(maker.page, `**/needs/${need.id}`);
  await maker.page.getByText('企业选择本行产品申请').waitFor();
  assert.equal(await maker.page.getByText(name).count(), 0, 'the enterprise is not named before it wants to be');

  await maker.page.getByRole('button', { name: '接单', exact: true }).click();
  const dialog = maker.page.getByRole('dialog', { name: '接单' });
  assert.notEqual(await dialog.getByLabel(/产品/).inputValue(), '', 'the fitting product is chosen already');
  await checkPage(maker.page, 'claim dialog');
  await dialog.getByRole('button', { name: '接单', exact: true }).click();
  await arrives(maker.page, '**/applications/*');

  await maker.page.getByRole('link', { name: '出具授信方案' }).click();
  await arrives(maker.page, '**/offer');
  const cost = maker.page.getByRole('region', { name: '综合年化成本' });
  await maker.page.getByLabel('加点').fill('0.85');
  await maker.page.getByLabel('还款方式').selectOption('interest_first');
  await eventually(async () => assert.match(await cost.innerText(), /3\.85%/));
  await maker.page.getByRole('button', { name: '添加费用' }).click();
  await maker.page.getByLabel('费用名称').fill('评估费');
  await maker.page.getByLabel('数额').fill('0.3');
  await eventually(async () => assert.match(await cost.innerText(), /4\.16%/, 'the fee is in the all-in cost'));
  const guarantee = maker.page.getByRole('group', { name: /须担保/ }).getByRole('checkbox');
  await guarantee.check();
  await eventually(async () => assert.match(await cost.innerText(), /未含担保费/, 'what it costs nobody told yet'));
  await guarantee.uncheck();
  await eventually(async () => assert.doesNotMatch(await cost.innerText(), /担保费（/));
  await fillDate(maker.page, String(Number(year) + 1), '1', '31');
  await checkPage(maker.page, 'offer form filled');
  await picture(maker.page, 'bank-offer-form-filled-zh-1280');
  await maker.page.getByRole('button', { name: '提交审批' }).click();
  await arrives(maker.page, '**/offers/*');
  await maker.page.getByText('方案由您拟定，须由另一位审批人审批。').waitFor();
  assert.equal(await maker.page.getByRole('button', { name: '审批通过' }).count(), 0, 'who made it may not approve it');
  const path = new URL(maker.page.url()).pathname;

  const checker = await window(t, { as: 'bankChecker' });
  await checker.go('/offers?state=pending_approval');
  await checker.go(path);
  await checker.page.getByRole('button', { name: '审批通过' }).click();
  await checker.page.getByRole('dialog').getByRole('button', { name: '审批通过' }).click();
  await checker.page.getByText('方案已发给企业，等待答复。').waitFor();

  const offer = await owner.get(`/v1${path}`);
  await owner.move('offers', offer, 'accept');

  await checker.go(path);
  await checker.page.getByRole('button', { name: '签约' }).click();
  await checker.page.getByLabel('合同编号').fill(`HT-${offer.id.slice(-8)}`);
  await checker.page.getByRole('dialog').getByRole('button', { name: '签约' }).click();
  await checker.page.getByText('已签约。放款后在此登记').waitFor();
  await checker.page.getByRole('button', { name: '放款' }).click();
  const money = checker.page.getByRole('dialog', { name: '放款' });
  assert.equal(await money.getByLabel('放款金额').inputValue(), '2000');
  await fillDate(money, year, String(Number(month)), String(Number(day)));
  await money.getByLabel('凭证号').fill(`PZ-${offer.id.slice(-8)}`);
  await money.getByRole('button', { name: '放款' }).click();
  await checker.page.getByText('已放款，结果已反馈给企业和主管部门。').waitFor();
  await checkPage(checker.page, 'offer paid out');
  await picture(checker.page, 'bank-offer-funded-zh-1280');
  assert.equal((await owner.get(`/v1/needs/${need.id}`)).state, 'funded');
});

test('what is missing is named at its field, and what was entered stays', async (t) => {
  const need = await freshNeed();
  const bank = await person('bank');
  const claim = await bank.post('/v1/applications', { need_id: need.id });
  const { page, go, expect } = await window(t, { as: 'bank' });
  expect(/^answer 422/);
  await go(`/applications/${claim.id}/offer`);
  await page.getByLabel('须提供的担保物').fill('专利质押');
  await page.getByRole('button', { name: '提交审批' }).click();
  await page.getByRole('alert').getByRole('link', { name: /有效期至/ }).click();
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'f-valid_until');
  await page.reload();
  await settled(page);
  assert.equal(await page.getByLabel('须提供的担保物').inputValue(), '专利质押', 'the draft is kept');
});

test('when own products cannot be read, claiming says so and can be tried again', async (t) => {
  const need = await freshNeed();
  const { page, go, expect } = await window(t, { as: 'bank' });
  expect(/^request failed: GET \S+\/v1\/products\?/);
  await go(`/needs/${need.id}`);
  await page.route('**/v1/products?*', (route) => route.abort('failed'));
  const claim = page.locator('#main').getByRole('button', { name: '接单', exact: true });
  await claim.click();
  await page.getByRole('alert').getByText('无法连接服务器').waitFor();
  await checkPage(page, 'products not read');
  await page.unroute('**/v1/products?*');
  await claim.click();
  await page.getByRole('dialog', { name: '接单' }).waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
});

test('a need left to others says why, and no longer waits to be claimed', async (t) => {
  const need = await freshNeed();
  const { page, go } = await window(t, { as: 'bank' });
  await go(`/needs/${need.id}`);
  await page.getByRole('button', { name: '不接单' }).click();
  const dialog = page.getByRole('dialog', { name: '不接单' });
  await dialog.getByLabel('原因', { exact: true }).selectOption({ index: 3 });
  await dialog.getByLabel('原因说明').fill('本行今年该行业额度已经用完，暂不受理。');
  await dialog.getByRole('button', { name: '不接单' }).click();
  await page.getByText(/本行于 .* 登记不接单/).waitFor();
  await go('/needs?to_claim=true');
  assert.equal(await page.getByRole('link', { name: need.request_no }).count(), 0);
});

test('a product is written, counted as it is written, and goes online by a second person', async (t) => {
  const maker = await window(t, { as: 'bank' });
  const name = `测试信用贷 ${Date.now() % 100000}`;
  await maker.go('/products/new');
  await maker.page.getByLabel('类型').selectOption('credit_loan');
  await maker.page.getByLabel('产品名称').fill(name);
  const market = maker.page.getByRole('region', { name: '市场' });
  await eventually(async () => assert.match(await market.innerText(), /\d+ 符合/));
  await maker.page.getByRole('button', { name: '添加规则' }).first().click();
  await maker.page.getByLabel('事实').selectOption('age_months');
  await maker.page.getByLabel('条件', { exact: true }).selectOption('ge');
  await maker.page.getByLabel('要求的值').fill('360');
  await eventually(async () => assert.match(await market.innerText(), /成立时间 不低于 360 个月/, 'the rule says what it keeps away'));
  await checkPage(maker.page, 'product editor with a rule');
  await picture(maker.page, 'bank-product-rule-zh-1280');
  // Half written again, the answer that stands is marked as that of before, and nothing of it can be tried.
  const stale = market.getByText('规则或条款尚未填完，下面是填写之前的结果。');
  await maker.page.getByLabel('要求的值').fill('');
  await stale.waitFor();
  assert.match(await market.innerText(), /\d+ 符合/);
  assert.equal(await market.getByRole('button', { name: /试用/ }).count(), 0);
  await checkPage(maker.page, 'product editor with a rule half written');
  await maker.page.getByLabel('要求的值').fill('360');
  await stale.waitFor({ state: 'detached' });
  await market.getByRole('button', { name: /试用/ }).first().click();
  const asked = maker.page.getByLabel('要求的值'); // a rule that is tried without is gone
  await eventually(async () => assert.ok((await asked.count()) === 0 || (await asked.inputValue()) !== '360'));
  await maker.page.getByRole('button', { name: '保存', exact: true }).click();
  await arrives(maker.page, /products\/[0-9a-f-]{36}$/);
  await maker.page.getByRole('button', { name: '提交审核' }).click();
  await maker.page.getByRole('dialog').getByRole('button', { name: '提交审核' }).click();
  await maker.page.getByText('待审', { exact: true }).waitFor();
  assert.equal(await maker.page.getByRole('button', { name: '上架' }).count(), 0);

  const checker = await window(t, { as: 'bankChecker' });
  await checker.go(new URL(maker.page.url()).pathname);
  await checker.page.getByRole('button', { name: '上架' }).click();
  await checker.page.getByRole('dialog').getByRole('button', { name: '上架' }).click();
  await checker.page.getByText('上架', { exact: true }).first().waitFor();
});

test('a maker claims and offers by keyboard alone', async (t) => {
  const need = await freshNeed();
  const { page, go } = await window(t, { as: 'bank' });
  await go('/needs?to_claim=true');
  const here = () => page.evaluate(() => document.activeElement?.textContent?.trim());
  await page.keyboard.press('j');
  assert.equal(await here(), need.request_no, 'j goes to the newest need');
  await page.keyboard.press('o');
  await arrives(page, `**/needs/${need.id}`);
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'H1');
  /** Tabs on until the focused control has this name or id. */
  const tabTo = async (wanted) => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      const found = await page.evaluate(() => ({ text: document.activeElement?.textContent?.trim(), id: document.activeElement?.id }));
      if (found.text === wanted || found.id === wanted) return;
    }
    assert.fail(`Tab never came to ${wanted}`);
  };
  await tabTo('接单');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: '接单' }).waitFor();
  await tabTo('接单');
  await page.keyboard.press('Enter');
  await arrives(page, '**/applications/*');
  await tabTo('出具授信方案');
  await page.keyboard.press('Enter');
  await arrives(page, '**/offer');
  await tabTo('f-rate-value_ppm');
  await page.keyboard.type('0.85');
  await select(page, 'f-repayment', '先息后本');
  await eventually(async () => assert.equal(await page.locator('#f-repayment').inputValue(), 'interest_first'));
  await tabTo('f-valid_until');
  await page.keyboard.type(String(Number(year) + 1));
  await page.keyboard.press('Tab');
  await page.keyboard.type('1');
  await page.keyboard.press('Tab');
  await page.keyboard.type('31');
  await tabTo('提交审批');
  await page.keyboard.press('Enter');
  await arrives(page, '**/offers/*');
  await page.getByText('方案待审批，企业尚看不到。').waitFor();
});

test('the period of the statistics is the address, follows Back, and what is no day is named with what to do', async (t) => {
  const { page, go, expect } = await window(t, { as: 'bank' });
  expect(/^answer 422: GET \S+\/v1\/statistics\/institutions/);
  await go('/statistics?from=2026-01-01');
  const from = page.getByLabel('起始日', { exact: true });
  assert.equal(await from.inputValue(), '2026-01-01');
  await from.fill('2026-02-01');
  await from.press('Enter');
  await page.waitForURL(/from=2026-02-01/);
  await page.goBack();
  await page.waitForURL(/from=2026-01-01/);
  await eventually(async () => assert.equal(await from.inputValue(), '2026-01-01'));
  await from.fill('昨天');
  await from.press('Enter');
  const alert = page.getByRole('alert');
  await alert.getByText(/起始日：.+/).waitFor();
  assert.equal(await from.inputValue(), '昨天', 'it stands there to be mended');
  await checkPage(page, 'statistics of no period');
  await from.fill('2026-03-01');
  await from.press('Enter');
  await alert.waitFor({ state: 'detached' });
});

test('a list that is asked for what it cannot give names the filter', async (t) => {
  const { page, go, expect } = await window(t, { as: 'government', language: 'en' });
  expect(/^answer 422: GET \S+\/v1\/views/);
  await go('/audit?from=yesterday');
  await page.getByRole('alert').getByText(/^From: .+/).waitFor();
});
