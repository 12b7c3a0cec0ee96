import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from './support/codes.mjs';
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
  const { page, go, context, expect } = await window(t, { as: 'enterprise', ends: true });
  expect(/^answer 401: GET/); // what the other tab was reading just then
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

test('one-time codes are set up on their page and asked for at the next sign-in', async (t) => {
  const login = 'codes-test';
  const desk = await window(t, { as: 'operator' });
  await desk.go('/');
  await desk.page.evaluate(async ([name, secret]) => {
    const { csrf } = await (await fetch('/v1/sessions/current')).json();
    await fetch('/v1/users', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf, 'Idempotency-Key': crypto.randomUUID() },
      body: JSON.stringify({ login: name, name: '验证码', password: secret, roles: ['auditor'] }),
    });
  }, [login, password]);
  const { page, go, expect } = await window(t, { login });
  expect(/answer 401/);
  await go('/one-time-codes');
  await page.getByRole('button', { name: '开始绑定' }).click();
  const secret = (await page.locator('main code').textContent()).replaceAll(' ', '');
  await checkPage(page, 'one-time codes begun');
  await page.getByLabel('动态验证码').fill(codeOf(secret));
  await page.getByRole('button', { name: '确认绑定' }).click();
  await page.locator('.codes li').nth(9).waitFor();
  await checkPage(page, 'recovery codes');
  await page.getByRole('button', { name: '已保存，继续' }).click();
  await page.getByRole('button', { name: /账户/ }).click();
  await page.getByRole('button', { name: '退出登录' }).click();
  await page.waitForURL('**/sign-in');
  await page.getByLabel('用户名').fill(login);
  await page.getByLabel('密码', { exact: true }).fill(password);
  await page.keyboard.press('Enter');
  const code = page.getByLabel('动态验证码');
  await code.waitFor();
  await checkPage(page, 'sign-in with a code');
  await code.fill(codeOf(secret, 1));
  await page.getByRole('button', { name: '登录' }).click();
  await page.waitForURL((url) => url.pathname === '/');
});
