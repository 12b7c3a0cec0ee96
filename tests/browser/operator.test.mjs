// An operator's day: weights are tried before they are published, a special day is taken back, a key and a user are shut
// out, one-time codes are reset, jobs that are late say so.
import assert from 'node:assert/strict';
import https from 'node:https';
import { test } from 'node:test';
import { person } from './support/cases.mjs';
import { codeOf } from './support/codes.mjs';
import { checkPage, eventually, key, origin, password, picture, settled, useBrowser, window } from './support/portal.mjs';

useBrowser();

const CHINESE = /\p{Script=Han}/u;
const signIn = (t, more = {}) => window(t, { as: 'operator', ...more });
const operator = () => person('operator');
const inDays = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
async function fillDay(page, name, day) {
  const boxes = page.getByRole('group', { name }).getByRole('textbox');
  for (const [i, part] of day.split('-').entries()) await boxes.nth(i).fill(part);
}
/** A user of its own for one test. */
async function newUser(what, roles = ['auditor']) {
  const login = `${what}-${Date.now().toString(36)}`;
  await (await operator()).post('/v1/users', { login, name: `测试${login}`, password, roles });
  return login;
}
/** What the server answers to somebody who is in no browser. */
const statusOf = (path, headers, body) =>
  new Promise((resolve, reject) => {
    const asked = https.request(`${origin}${path}`, { method: body ? 'POST' : 'GET', headers, rejectUnauthorized: false }, (answer) => resolve(answer.resume().statusCode));
    asked.on('error', reject).end(body);
  });
const tryLogin = (login) => statusOf('/v1/sessions', { 'Content-Type': 'application/json' }, JSON.stringify({ login, password }));

const PARTS = ['综合成本', '获批可能', '办理速度', '条件契合', '服务记录'];
async function fillWeights(page, numbers) {
  for (const [i, part] of PARTS.entries()) await page.getByLabel(part).fill(String(numbers[i]));
}

test('weights are tried, what they would change is seen, and they are published for a later day with their numbers', async (t) => {
  const { page, go } = await signIn(t);
  await go('/weights');
  await fillWeights(page, [0, 0, 100, 0, 0]);
  await page.getByRole('button', { name: '试算' }).click();
  const example = page.getByRole('table', { name: '改变的例子' }).locator('tbody tr');
  await example.first().waitFor();
  assert.notEqual(await example.first().locator('td').nth(0).innerText(), await example.first().locator('td').nth(1).innerText());
  await checkPage(page, 'weights tried');
  await picture(page, 'operator-weights-tried-zh-1280');

  // Trying keeps nothing: leaving asks.
  let asked = 0;
  page.once('dialog', (dialog) => (asked++, dialog.dismiss()));
  await page.getByRole('link', { name: '日历', exact: true }).click();
  await eventually(async () => assert.equal(asked, 1));
  assert.match(page.url(), /\/weights/);

  // What was tried is not what stands there once a number changes, and is again when it is back.
  await page.getByLabel(PARTS[0]).fill('10');
  await eventually(async () => assert.equal(await example.count(), 0));
  await page.getByLabel(PARTS[0]).fill('0');
  await example.first().waitFor();
  await page.getByLabel(PARTS[2]).fill('90');
  await page.getByLabel(PARTS[4]).fill('10');
  await eventually(async () => assert.equal(await example.count(), 0));

  const from = inDays(30);
  await page.getByLabel('理由').fill('提高办理速度的比重（浏览器测试）。');
  await fillDay(page, '生效日', from);
  await page.getByRole('button', { name: '公布', exact: true }).click();
  await page.getByRole('table', { name: '待生效的权重' }).getByRole('row', { name: `${from} 0 0 90 0 10 提高办理速度的比重（浏览器测试）。` }).waitFor();
  assert.equal(await page.getByLabel(PARTS[2]).inputValue(), '');
  await checkPage(page, 'weights planned');
});

test('in English a trial names products and institutions in English, and so does the calendar its days', async (t) => {
  const { page, go } = await signIn(t, { language: 'en' });
  await go('/weights');
  for (const [i, input] of (await page.locator('.weights-parts input').all()).entries()) await input.fill(i === 2 ? '100' : '0');
  await page.getByRole('button', { name: 'Try them' }).click();
  const tops = page.locator('.weights-top li');
  await tops.first().waitFor();
  // Other tests write products that have no English name.
  const named = (await tops.allInnerTexts()).filter((one) => !/ · (测试|试算|投保)/.test(one));
  assert.ok(named.length > 5);
  assert.doesNotMatch(named.join('\n'), CHINESE);
  for (const one of named) assert.match(one, / \d?\d(\.\d)?$/, 'points of a hundred');
  page.once('dialog', (dialog) => dialog.accept());
  await go('/calendar?year=2026');
  const days = page.locator('tbody tr');
  await days.first().waitFor();
  assert.doesNotMatch((await days.allInnerTexts()).join('\n'), CHINESE);
  assert.match((await days.allInnerTexts()).join('\n'), /National Day \(make-up day\)/);
  await checkPage(page, 'calendar in English');
});

test('a special day is announced with both names, and taken back', async (t) => {
  const { page, go } = await signIn(t);
  const year = new Date().getFullYear() + 1;
  const day = `${year}-11-17`;
  const days = async () => (await (await operator()).get(`/v1/reference/calendar?year=${year}`)).items.filter((one) => one.day === day);
  await go(`/calendar?year=${year}`);
  await fillDay(page, '日期', day);
  await page.getByLabel('休息日').check();
  await page.getByLabel('名称', { exact: true }).fill('停办日');
  await page.getByLabel('英文名称').fill('Closing day');
  await page.getByRole('button', { name: '公布', exact: true }).click();
  const row = page.getByRole('row', { name: `${day} 停办日 休息日` });
  await row.waitFor();
  assert.deepEqual(await days(), [{ day, name: '停办日', name_en: 'Closing day', is_workday: false }]);
  await fillDay(page, '日期', day);
  await page.getByLabel('取消特殊安排').check();
  assert.equal(await page.getByLabel('名称', { exact: true }).count(), 0, 'a day that is as usual has no name');
  await checkPage(page, 'taking a day back');
  await page.getByRole('button', { name: '公布', exact: true }).click();
  await eventually(async () => assert.equal(await row.count(), 0));
  assert.deepEqual(await days(), []);
});

test("a key is revoked, and the system that has it is shut out", async (t) => {
  const ask = () => statusOf('/v1/needs?limit=1', { authorization: `Bearer ${key}` });
  assert.equal(await ask(), 200);
  const { page, go } = await signIn(t);
  await go('/api-keys');
  await page.getByRole('button', { name: '作废 核心系统' }).click();
  const dialog = page.getByRole('dialog', { name: '作废 核心系统' });
  await checkPage(page, 'revoking a key');
  await dialog.getByRole('button', { name: '作废', exact: true }).click();
  await page.getByRole('row', { name: /核心系统.*已作废/ }).waitFor();
  await eventually(async () => assert.equal(await ask(), 401));
});

test('a user is found by part of the login, by role and state, and barred', async (t) => {
  const login = await newUser('barred');
  assert.equal(await tryLogin(login), 201);
  const { page, go } = await signIn(t);
  await go('/users');
  await page.getByLabel('用户名或姓名').fill(login.slice(0, -1).toUpperCase());
  await page.getByLabel('用户名或姓名').press('Enter');
  const rows = page.locator('tbody tr');
  await eventually(async () => assert.equal(await rows.count(), 1));
  await page.getByLabel('角色').selectOption('operator');
  await page.getByText('没有符合筛选条件的内容').waitFor();
  await page.getByLabel('角色').selectOption('auditor');
  await eventually(async () => assert.equal(await rows.count(), 1));
  assert.equal(await page.getByRole('button', { name: `重置动态验证码 ${login}` }).count(), 0, 'there are no codes to reset');
  await page.getByRole('button', { name: `停用 ${login}` }).click();
  await checkPage(page, 'barring a user');
  await page.getByRole('dialog').getByRole('button', { name: '停用', exact: true }).click();
  await page.getByRole('row', { name: new RegExp(`${login}.*停用`) }).waitFor();
  assert.equal(await tryLogin(login), 401);
  await page.getByLabel('状态').selectOption('false');
  await page.getByText('没有符合筛选条件的内容').waitFor();
  await page.getByLabel('状态').selectOption('true');
  await eventually(async () => assert.equal(await rows.count(), 1));
});

test("a user's one-time codes are reset; the password alone lets in again", async (t) => {
  const login = await newUser('codes');
  const user = await person(login);
  const { secret } = await user.post('/v1/totp');
  await user.post('/v1/totp/confirm', { code: codeOf(secret) });
  assert.equal(await tryLogin(login), 401, 'the codes are asked for');
  const { page, go } = await signIn(t);
  await go(`/users?name=${login}`);
  await page.getByRole('button', { name: `重置动态验证码 ${login}` }).click();
  await checkPage(page, 'resetting one-time codes');
  await page.getByRole('dialog').getByRole('button', { name: '重置动态验证码', exact: true }).click();
  await page.getByText('动态验证码已重置').waitFor();
  await eventually(async () => assert.equal(await page.getByRole('button', { name: `重置动态验证码 ${login}` }).count(), 0));
  assert.equal(await tryLogin(login), 201);
});

test('the state of the platform is read again by itself while it is looked at; a job that is late says how late', async (t) => {
  const { page, go } = await signIn(t);
  await page.clock.install();
  await go('/');
  let asked = 0;
  // As the server tells of a job whose last run was an hour ago.
  await page.route('**/v1/jobs', async (way) => {
    const answer = await way.fetch();
    const jobs = await answer.json();
    const [job] = jobs.items;
    job.next_at = new Date(Date.parse(jobs.as_of) - 3_600_000).toISOString();
    job.is_late = true;
    asked++;
    await way.fulfill({ response: answer, json: jobs });
  });
  assert.equal(await page.locator('.notice-warn').count(), 0);
  await page.clock.runFor(31_000);
  await page.locator('.notice-warn').getByText('1 个作业没有按时运行').waitFor();
  await page.getByRole('row', { name: /延迟\s*晚了 1 小时/ }).waitFor();
  await checkPage(page, 'a job that is late');
  const before = asked;
  await page.evaluate(() => Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true }));
  await page.clock.runFor(62_000);
  await settled(page);
  assert.equal(asked, before, 'nobody looks');
});
