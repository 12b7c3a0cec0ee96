import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approvedGuarantee, once, person } from './support/cases.mjs';
import { checkPage, eventually, password, picture, settled, useBrowser, window } from './support/portal.mjs';

useBrowser();

test('a region is found by typing and chosen by keyboard; the address holds it', async (t) => {
  const { page, go } = await window(t, { as: 'government' });
  await go('/');
  await page.getByLabel('地区').focus();
  await page.keyboard.type('广州');
  await page.getByRole('option', { name: /广州市 440100/ }).waitFor();
  await checkPage(page, 'combobox open');
  await picture(page, 'combobox-zh-1280');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/?region=440100');
  await settled(page);
  await eventually(async () => assert.match(await page.getByLabel('地区').inputValue(), /广州市/));
  await page.goBack();
  await eventually(async () => assert.equal(await page.getByLabel('地区').inputValue(), ''));
});

test('in English the picker of regions says in English where a place is', async (t) => {
  const { page, go } = await window(t, { as: 'government', language: 'en' });
  await go('/');
  await page.getByLabel('Region', { exact: true }).fill('Tianhe');
  const option = page.getByRole('option', { name: /440106/ });
  assert.match(await option.innerText(), /Guangdong.*Guangzhou/s);
  assert.doesNotMatch(await option.innerText(), /[\u4e00-\u9fff]/);
});

test('the first Tab offers to skip to the heading', async (t) => {
  const { page, go } = await window(t, { as: 'bank' });
  await go('/');
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'H1');
});

test('/ goes to the search, ? shows the keys, and neither is taken from a field', async (t) => {
  const { page, go } = await window(t, { as: 'operator' });
  await go('/');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await checkPage(page, 'help');
  await picture(page, 'help-zh-1280');
  await page.keyboard.press('Escape');
  await page.keyboard.press('/');
  const search = page.getByRole('searchbox', { name: '搜索' });
  await eventually(async () => assert.ok(await search.evaluate((e) => e === document.activeElement)));
  await page.keyboard.type('a/?');
  assert.equal(await search.inputValue(), 'a/?');
  assert.equal(await page.getByRole('dialog').count(), 0);
});

test('every hit of a search leads to a page of its own, or is no link', async (t) => {
  await once(approvedGuarantee);
  const { items: banks } = await (await person('operator')).get('/v1/institutions?limit=3');
  for (const as of ['enterprise', 'bank', 'guarantee', 'insurer', 'government', 'operator']) {
    const { page, go } = await window(t, { as });
    const links = new Set();
    for (const q of ['华银', '担保', '产品', '贷款', banks[0].name_zh, '补贴']) {
      await go(`/search?q=${encodeURIComponent(q)}`);
      for (const href of await page.locator('.found a').evaluateAll((all) => all.map((a) => a.getAttribute('href')))) links.add(href);
    }
    const kinds = new Map([...links].map((href) => [href.split('/')[1], href]));
    for (const [, href] of kinds) {
      await go(href);
      assert.equal(await page.getByRole('heading', { name: '没有这个页面' }).count(), 0, `${as}: ${href}`);
    }
    await page.context().close();
  }
});

test('in English a hit has its English name where there is one', async (t) => {
  const bank = await person('bank');
  const name = `Searchable loan ${Date.now() % 1_000_000}`;
  const made = await bank.post('/v1/products', { kind: 'credit_loan', name_zh: `可搜索贷款${Date.now() % 1_000_000}`, name_en: name });
  const { page, go } = await window(t, { as: 'bank', language: 'en' });
  await go(`/search?q=${encodeURIComponent(made.name_zh)}`);
  await page.locator('.found').getByText(name).waitFor();
});

test('on a phone the menu opens, names the pages, and nothing is cut off', async (t) => {
  const { page, go } = await window(t, { as: 'government', width: 390 });
  await go('/');
  await page.getByRole('button', { name: '菜单' }).click();
  await page.getByRole('navigation', { name: '主导航' }).getByRole('link').first().waitFor();
  await checkPage(page, 'menu');
  await picture(page, 'menu-zh-390');
});

test('大字版 makes everything larger, stays, and fits the phone', async (t) => {
  const { page, go } = await window(t, { as: 'government', width: 390 });
  await go('/');
  await page.getByRole('button', { name: /账户/ }).click();
  await page.getByRole('button', { name: '大字版' }).last().click();
  await go('/?state=open');
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize), '20px');
  await checkPage(page, 'large');
  await picture(page, 'large-zh-390');
});

test('when the session is gone, the password brings back what was being done', async (t) => {
  const { page, go, context, expect } = await window(t, { as: 'government' });
  expect(/^answer 401/);
  await go('/needs');
  await context.clearCookies();
  await page.getByLabel('状态').selectOption('open');
  const dialog = page.getByRole('dialog', { name: '请重新登录' });
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  assert.ok(await dialog.isVisible(), 'it stays until the password is right');
  await checkPage(page, 'renewal');
  await picture(page, 'renewal-zh-1280');
  await dialog.getByLabel('密码').fill(password);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  await settled(page);
  assert.match(page.url(), /state=open/);
  assert.ok((await page.locator('tbody tr').count()) > 0, 'the list was read under the new session');
});
