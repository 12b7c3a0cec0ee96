// Addresses: what is on screen is in them, so that links, reload, Back and Forward lead where they say, for whoever gets
// them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { application, once, person } from './support/cases.mjs';
import { checkPage, eventually, settled, useBrowser, window } from './support/portal.mjs';

useBrowser();

const arrives = async (page, pattern) => {
  await page.waitForURL(pattern);
  await settled(page);
};
const heading = (page) => page.locator('#main h1').innerText();

test('Back and Forward pass through filters, pages and cases, each as it was', async (t) => {
  const { page, go } = await window(t, { as: 'government' });
  await go('/needs');
  const all = await page.locator('tbody tr').count();
  await page.getByLabel('状态').selectOption('open');
  await arrives(page, '**/needs?state=open');
  const rows = await page.locator('tbody tr').allInnerTexts();
  assert.ok(rows.length > 0);
  await page.locator('tbody a').first().click();
  await arrives(page, /\/needs\/[0-9a-f-]{36}$/);
  const title = await heading(page);
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'H1', 'the new page begins at its heading');
  await page.goBack();
  await arrives(page, '**/needs?state=open');
  assert.equal(await page.getByLabel('状态').inputValue(), 'open');
  assert.deepEqual(await page.locator('tbody tr').allInnerTexts(), rows);
  await page.goBack();
  await arrives(page, /\/needs$/);
  await eventually(async () => assert.equal(await page.getByLabel('状态').inputValue(), ''));
  assert.equal(await page.locator('tbody tr').count(), all);
  await page.goForward();
  await page.goForward();
  await arrives(page, /\/needs\/[0-9a-f-]{36}$/);
  assert.equal(await heading(page), title);
});

test('what is being typed in a filter outlives what arrives meanwhile', async (t) => {
  const { page } = await window(t, { as: 'bank' });
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await page.route('**/v1/reference/records*', async (route) => {
    await released;
    await route.continue();
  });
  await page.goto('/statistics');
  await page.getByRole('heading', { level: 1, name: '统计' }).waitFor();
  const from = page.locator('#filter-from');
  await from.pressSequentially('2026-0');
  release();
  await settled(page);
  assert.equal(await from.inputValue(), '2026-0');
  await from.pressSequentially('1-01');
  await from.press('Enter');
  await arrives(page, '**/statistics?from=2026-01-01');
});

test('the pages of a list are addresses: on, back, reload, and the order of a table', async (t) => {
  const { page, go } = await window(t, { as: 'operator' });
  await go('/products');
  const first = await page.locator('tbody tr').allInnerTexts();
  await page.getByRole('button', { name: '下一页' }).click();
  await arrives(page, '**/products?cursor=*');
  await page.getByText('第 2 页').waitFor();
  const second = await page.locator('tbody tr').allInnerTexts();
  assert.equal(second.filter((row) => first.includes(row)).length, 0);
  await page.reload();
  await settled(page);
  assert.deepEqual(await page.locator('tbody tr').allInnerTexts(), second);
  await page.goBack();
  await arrives(page, /\/products$/);
  await eventually(async () => assert.deepEqual(await page.locator('tbody tr').allInnerTexts(), first));
  await go('/dashboard');
  const sorted = page.getByRole('table').filter({ has: page.locator('.table-sort') }).first();
  await sorted.locator('.table-sort').nth(1).click();
  await page.waitForURL('**/dashboard?sort=*');
  await page.reload();
  await settled(page);
  await sorted.locator('th[aria-sort]').first().waitFor();
});

test('a link to a case leads everybody to their own page of it, over signing in, in the language it names', async (t) => {
  const { id, need_id } = await once(application);
  for (const [as, path] of [
    ['enterprise', `/needs/${need_id}`],
    ['bank', `/needs/${need_id}`],
    ['government', `/needs/${need_id}`],
    ['operator', `/needs/${need_id}`],
    ['auditor', `/needs/${need_id}`],
    ['enterprise', `/applications/${id}`],
    ['bank', `/applications/${id}`],
    ['government', `/applications/${id}`],
  ]) {
    const { page, go, context } = await window(t, { as, language: 'en' });
    await go(path);
    assert.match(page.url(), new RegExp(`${path}\\?l=en$`));
    const { request_no, enterprise } = await (await person(as)).get(`/v1/needs/${need_id}`);
    const main = await page.locator('#main').innerText();
    assert.ok(main.includes(request_no) || main.includes(enterprise.name), `${as} ${path}`);
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    await context.close();
  }
});

test('a link to what somebody may not see, or what is not there, says so and offers a way on', async (t) => {
  const { id } = await once(application);
  for (const [as, path] of [
    ['insurer', `/applications/${id}`],
    ['guarantee', `/needs/00000000-0000-7000-8000-000000000000`],
    ['enterprise', `/needs/00000000-0000-7000-8000-000000000000`],
    ['bank', '/offers/not-an-id'],
    ['government', '/rounds/00000000-0000-7000-8000-000000000000'],
    ['operator', '/nowhere/at/all'],
  ]) {
    const { page, go, context, expect } = await window(t, { as });
    expect(/^answer 4(00|03|04|22)/);
    await go(path);
    const main = page.locator('#main');
    await eventually(async () => assert.match(await main.innerText(), /没有|不存在|未找到|找不到|无权/, `${as} ${path}`));
    await checkPage(page, `${as} ${path}`);
    assert.ok((await main.getByRole('link').count()) + (await main.getByRole('button').count()) > 0, `${as} ${path}: a way on`);
    await context.close();
  }
});

test('tabs are addresses; Back goes through them', async (t) => {
  const { page, go } = await window(t, { as: 'government' });
  await go('/audit');
  await page.getByRole('link', { name: '操作留痕' }).click();
  await arrives(page, '**/audit?tab=trail');
  await page.goBack();
  await arrives(page, /\/audit$/);
  assert.equal(await page.getByRole('navigation').locator('[aria-current="page"]').last().innerText(), '查看记录');
});

test('leaving a form with unsaved changes asks; staying keeps what was typed', async (t) => {
  const { page, go } = await window(t, { as: 'operator' });
  await go('/users');
  await page.getByRole('link', { name: '新建用户' }).click();
  await arrives(page, '**/users/new');
  await page.getByLabel('姓名').fill('未写完的人');
  page.once('dialog', (dialog) => dialog.dismiss());
  await page.getByRole('link', { name: '机构', exact: true }).click();
  assert.equal(await page.getByLabel('姓名').inputValue(), '未写完的人');
  assert.match(page.url(), /users\/new$/);
  page.once('dialog', (dialog) => dialog.accept());
  await page.goBack();
  await arrives(page, /\/users$/);
});
