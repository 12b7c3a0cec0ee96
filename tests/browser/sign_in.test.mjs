import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOGINS, checkPage, eventually, password, settled, useBrowser, window } from './support/portal.mjs';

useBrowser();

test('a deep link leads over signing in to the page it names', async (t) => {
  const { page, go } = await window(t);
  await go('/search?q=00');
  await checkPage(page, 'sign-in');
  await page.getByLabel('用户名').fill(LOGINS.government);
  await page.getByLabel('密码', { exact: true }).fill(password);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/search?q=00');
  await eventually(async () => assert.match(await page.title(), /00.*融桥/));
});

test('a wrong password is told where the reader is, and the login stays', async (t) => {
  const { page, go, expect } = await window(t);
  expect(/answer 401/);
  await go('/sign-in');
  await page.getByLabel('用户名').fill(LOGINS.bank);
  await page.getByLabel('密码', { exact: true }).fill('wrong-password');
  await page.getByRole('button', { name: '登录' }).click();
  await page.getByRole('alert').waitFor();
  await eventually(async () =>
    assert.ok(await page.evaluate(() => document.activeElement?.classList.contains('error-summary')), 'the summary has the focus'));
  assert.equal(await page.getByLabel('用户名').inputValue(), LOGINS.bank);
  await checkPage(page, 'sign-in refused');
});

test('empty fields are named by the server, each with a link to its field', async (t) => {
  const { page, go, expect } = await window(t);
  expect(/answer 422/);
  await go('/sign-in');
  await page.getByRole('button', { name: '登录' }).click();
  await page.getByRole('alert').getByRole('link', { name: /密码/ }).click();
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'f-password');
  assert.equal(await page.locator('#f-password').getAttribute('aria-invalid'), 'true');
});

test('signing out ends the session in every tab', async (t) => {
  const { page, go, context } = await window(t, { as: 'enterprise', ends: true });
  await go('/');
  const second = await context.newPage();
  await second.goto('/');
  await settled(second);
  await page.getByRole('button', { name: /账户/ }).click();
  await page.getByRole('button', { name: '退出登录' }).click();
  await page.waitForURL('**/sign-in');
  await second.waitForURL('**/sign-in');
});

test('the language is in the address, is remembered, and the same page stays', async (t) => {
  const { page, go } = await window(t, { as: 'government' });
  await go('/?state=open');
  await page.getByRole('button', { name: 'Switch to English' }).click();
  await page.waitForURL('**/?state=open&l=en');
  assert.equal(await page.locator('html').getAttribute('lang'), 'en');
  await page.goto('/');
  await page.waitForURL('**/?l=en');
});
