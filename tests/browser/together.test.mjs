// Two people at one document, and one person who comes back to what was left unfinished: nothing that was typed is lost,
// and nobody overwrites what they have not seen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { application, person } from './support/cases.mjs';
import { applicant, doubtfulCode } from './support/government_cases.mjs';
import { checkPage, eventually, picture, settled, useBrowser, window } from './support/portal.mjs';

useBrowser();

const drafts = (page) => page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('rq-draft:')));
const CHANGED = /您打开之后，他人已作修改/;
/** What the form's own message says, once it is there. */
const told = (page) => page.locator('.error-summary').filter({ hasText: CHANGED }).waitFor();

let made = 0;
/** An enterprise of its own, who acts for it, and what it is called. */
async function freshEnterprise() {
  const login = await applicant();
  const owner = await person(login);
  const enterprise = await owner.post('/v1/enterprises', {
    uscc: doubtfulCode(), uscc_confirmed: true, name: `广州同改${++made}${Date.now() % 1_000_000}有限公司`, region_code: '440103', industry_code: '8492', employees: 42,
  });
  return { login, owner, enterprise };
}
const freshProduct = async () => (await person('bank')).post('/v1/products', {
  kind: 'credit_loan', name_zh: `同改产品 ${Date.now() % 1_000_000}-${++made}`, amount_max_fen: 100_000_000, promised_hours: 40,
});

test('opening an offer or a product keeps no draft; typing does, and typing it back does not', async (t) => {
  const [applied, product] = [await application(), await freshProduct()];
  const { page, go } = await window(t, { as: 'bank' });
  await go(`/applications/${applied.id}/offer`);
  assert.notEqual(await page.getByLabel('金额', { exact: true }).inputValue(), '', 'the offer begins with what was asked for');
  assert.deepEqual(await drafts(page), []);
  await go(`/products/${product.id}/edit`);
  const hours = page.getByLabel('承诺答复');
  assert.equal(await hours.inputValue(), '40');
  assert.deepEqual(await drafts(page), []);
  await hours.fill('30');
  await eventually(async () => assert.equal((await drafts(page)).length, 1));
  await hours.fill('40');
  await eventually(async () => assert.deepEqual(await drafts(page), []));
});

test('a draft that is taken up says so and can be discarded for what is stored', async (t) => {
  const product = await freshProduct();
  const { page, go } = await window(t, { as: 'bank' });
  await go(`/products/${product.id}/edit`);
  await page.getByLabel('承诺答复').fill('30');
  await eventually(async () => assert.equal((await drafts(page)).length, 1));
  await (await person('bank')).change('PUT', '/v1/products', product, { kind: 'credit_loan', name_zh: product.name_zh, promised_hours: 16 });
  await page.reload();
  await settled(page);
  await page.getByText('这里是您上次填写、尚未提交的内容').waitFor();
  assert.equal(await page.getByLabel('承诺答复').inputValue(), '30');
  await checkPage(page, 'a draft taken up');
  await picture(page, 'bank-product-draft-zh-1280');
  await page.getByRole('button', { name: '丢弃草稿' }).click();
  await eventually(async () => assert.equal(await page.getByLabel('承诺答复').inputValue(), '16'));
  assert.equal(await page.getByText('这里是您上次填写').count(), 0);
  assert.deepEqual(await drafts(page), []);
});

test('a draft on an older version of a product is refused once, then saved beside what a colleague changed', async (t) => {
  const product = await freshProduct();
  const bank = await person('bank');
  const { page, go, expect } = await window(t, { as: 'bank' });
  expect(/^answer 412: PUT \S+\/v1\/products\//);
  await go(`/products/${product.id}/edit`);
  await page.getByLabel('承诺答复').fill('30');
  await eventually(async () => assert.equal((await drafts(page)).length, 1));
  await bank.change('PUT', '/v1/products', product, { kind: 'credit_loan', name_zh: `${product.name_zh} 改`, amount_max_fen: 200_000_000, promised_hours: 40 });
  await page.reload();
  await settled(page);
  const save = page.getByRole('button', { name: '保存', exact: true });
  await save.click();
  await told(page);
  assert.equal((await bank.get(`/v1/products/${product.id}`)).amount_max_fen, 200_000_000, 'nothing was overwritten');
  assert.equal(await page.getByLabel('承诺答复').inputValue(), '30', 'what was typed is there');
  assert.equal(await page.getByLabel('产品名称').inputValue(), `${product.name_zh} 改`, 'and what the colleague changed');
  await checkPage(page, 'a product that was changed meanwhile');
  await save.click();
  await page.waitForURL(/products\/[0-9a-f-]{36}$/);
  const stored = await bank.get(`/v1/products/${product.id}`);
  assert.deepEqual([stored.promised_hours, stored.amount_max_fen, stored.name_zh], [30, 200_000_000, `${product.name_zh} 改`]);
  assert.deepEqual(await drafts(page), []);
});

test('an officer whose colleague moved the case meanwhile keeps the typed reason and sends it again', async (t) => {
  const applied = await application();
  const [first, second] = [await window(t, { as: 'bank' }), await window(t, { as: 'bank' })];
  first.expect(/^answer 412: POST \S+\/request_papers/);
  const { page } = first;
  for (const officer of [first, second]) await officer.go(`/applications/${applied.id}`);
  await page.getByRole('button', { name: '要求补件' }).click();
  const dialog = page.getByRole('dialog');
  const reason = '请补充近 12 个月的银行流水。';
  await dialog.getByLabel('原因', { exact: true }).selectOption({ index: 1 });
  await dialog.getByLabel('原因说明').fill(reason);

  await second.page.getByRole('button', { name: '开始尽调' }).click();
  await second.page.getByRole('dialog').getByRole('button', { name: '开始尽调' }).click();
  await second.page.getByRole('dialog').waitFor({ state: 'hidden' });

  const send = dialog.getByRole('button', { name: '要求补件' });
  await send.click();
  await told(page);
  assert.equal(await dialog.getByLabel('原因说明').inputValue(), reason);
  await page.locator('.page-head').getByText('尽调').waitFor();
  await checkPage(page, 'a case that was moved meanwhile');
  await send.click();
  await dialog.waitFor({ state: 'hidden' });
  const found = await (await person('bank')).get(`/v1/applications/${applied.id}`);
  assert.deepEqual([found.state, found.reason.text], ['action_required', reason]);
});

test('a profile that somebody else changed keeps what was typed, and what the other changed', async (t) => {
  const { login, owner, enterprise } = await freshEnterprise();
  const { page, go, expect } = await window(t, { login });
  expect(/^answer 412: PATCH/);
  await go('/profile/change');
  await page.getByLabel('地址').fill('广州市天河区软件路 1 号');
  await owner.change('PATCH', '/v1/enterprises', enterprise, { employees: 77 });
  await page.getByRole('button', { name: '保存' }).click();
  await told(page);
  assert.equal(await page.getByLabel('地址').inputValue(), '广州市天河区软件路 1 号');
  assert.equal(await page.getByLabel('从业人员').inputValue(), '77');
  await page.getByRole('button', { name: '保存' }).click();
  await page.waitForURL('**/profile');
  const stored = await owner.get(`/v1/enterprises/${enterprise.id}`);
  assert.deepEqual([stored.address, stored.employees], ['广州市天河区软件路 1 号', 77]);
});

test('a fact that is typed outlives a change of the profile', async (t) => {
  const { login, owner, enterprise } = await freshEnterprise();
  const { page, go, expect } = await window(t, { login });
  expect(/^answer 412: POST \S+\/facts/);
  await go('/profile/facts/tax_grade');
  await page.getByLabel('纳税信用等级').first().selectOption({ index: 1 });
  const chosen = await page.getByLabel('纳税信用等级').first().inputValue();
  await owner.change('PATCH', '/v1/enterprises', enterprise, { employees: 78 });
  await page.getByRole('button', { name: '保存' }).click();
  await told(page);
  assert.equal(await page.getByLabel('纳税信用等级').first().inputValue(), chosen);
  await page.getByRole('button', { name: '保存' }).click();
  await page.waitForURL('**/profile');
  assert.equal((await owner.get(`/v1/enterprises/${enterprise.id}`)).facts.tax_grade.value, chosen);
});
