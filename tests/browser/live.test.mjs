// What happens elsewhere shows by itself: one stream a browser however many tabs, nothing lost and nothing twice when the
// tab that holds it goes. Counts the server's streams, so run.mjs runs it while no other test does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { application, offered, person } from './support/cases.mjs';
import { checkPage, eventually, metric, settled, useBrowser, window } from './support/portal.mjs';

useBrowser();

const TABS = 8;
const bell = (page) => page.getByRole('button', { name: /未读消息$/ });
/** What a tab's bell says; it says so to who cannot see it too. */
const unread = async (page) => Number(/^\d+/.exec(await bell(page).getAttribute('aria-label'))?.[0] ?? 0);
const unreadByApi = async () => (await (await person('enterprise')).get('/v1/notifications?limit=1')).unread;
const streams = (count) => eventually(async () => assert.equal(await metric('rongqiao_streams_open'), count, 'streams that the server holds'));
/** Every tab says what the server says. */
function allSay(tabs) {
  return eventually(async () => {
    const want = await unreadByApi();
    assert.deepEqual(await Promise.all(tabs.map(unread)), tabs.map(() => want));
    return want;
  }, 15_000);
}

test('eight tabs hold one stream; each hears once; when the tab that holds it goes, another goes on where it was', async (t) => {
  const { context, page, go } = await window(t, { as: 'enterprise', ends: true });
  await streams(0);
  await go('/');
  let tabs = [page];
  for (const path of ['/needs', '/applications', '/products', '/rounds', '/profile', '/consents', '/notifications']) {
    const tab = await context.newPage();
    await tab.goto(path);
    await settled(tab);
    tabs.push(tab);
  }
  assert.equal(tabs.length, TABS);
  await streams(1);
  const begun = await metric('rongqiao_streams_begun_total');
  const before = await allSay(tabs);
  await offered();
  await eventually(async () => assert.ok((await unreadByApi()) > before));
  await allSay(tabs);

  // The first tab has the stream; what happens while it goes is not lost.
  while (tabs.length > 1) {
    const [first, ...others] = tabs;
    await Promise.all([first.close(), tabs.length % 3 === 0 ? offered() : undefined]);
    tabs = others;
    await streams(1);
    await allSay(tabs);
  }
  await eventually(async () =>
    assert.equal(await metric('rongqiao_streams_begun_total'), begun + TABS - 1, 'a stream each for the tabs that took over, no more'));
  await settled(tabs[0]);
  await tabs[0].getByRole('button', { name: /账户/ }).click();
  await tabs[0].getByRole('button', { name: '退出登录' }).click();
  await tabs[0].waitForURL('**/sign-in');
  await streams(0);
});

test('a stream that breaks comes back by itself and tells what was missed', async (t) => {
  const { context, page, go, expect } = await window(t, { as: 'enterprise' });
  expect(/ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED/);
  await go('/needs');
  await streams(1);
  await allSay([page]);
  await context.setOffline(true);
  await offered();
  await context.setOffline(false);
  await eventually(async () => assert.equal(await metric('rongqiao_streams_open'), 1), 15_000);
  const want = await unreadByApi();
  await eventually(async () => assert.equal(await unread(page), want), 15_000);
});

test('a tab whose first request fails listens all the same, and takes over when the tab that holds the stream goes', async (t) => {
  const { context, page, go, expect } = await window(t, { as: 'enterprise' });
  expect(/^answer 503: GET \S+\/v1\/notifications/);
  await go('/needs');
  await streams(1);
  const second = await context.newPage();
  const first = (url) => url.pathname === '/v1/notifications' && url.searchParams.get('limit') === '1';
  let refused = 0;
  await second.route(first, (route) => (refused++, route.fulfill({ status: 503, body: '' })));
  await second.goto('/needs');
  await eventually(() => assert.equal(refused, 3, 'all tries of the first request'));
  await settled(second);
  await second.unroute(first);
  await page.close();
  await allSay([second]);
  await offered();
  await allSay([second]);
  assert.ok((await unread(second)) > 0);
});

test('all is marked read from a later page too, and every tab says what the server says', async (t) => {
  const enterprise = await person('enterprise');
  while (!(await enterprise.get('/v1/notifications?limit=20')).next_cursor) await offered();
  await offered();
  const { context, page, go } = await window(t, { as: 'enterprise' });
  await go('/notifications');
  const second = await context.newPage();
  await second.goto('/needs');
  await settled(second);
  await page.getByRole('button', { name: '下一页' }).click();
  await page.waitForURL(/cursor=/);
  await settled(page);
  assert.ok((await unreadByApi()) > 0);
  await page.locator('.page-head').getByRole('button', { name: '全部标为已读' }).click();
  await eventually(async () => assert.equal(await unreadByApi(), 0));
  await allSay([page, second]);
});

test('a list on screen follows: what comes in stands there without a reload', async (t) => {
  const { page, go } = await window(t, { as: 'bank' });
  await go('/');
  const applied = await application();
  await page.locator(`a[href^="/applications/${applied.id}"]`).click();
  await page.waitForURL(`**/applications/${applied.id}`);
  await settled(page);
  await (await person('enterprise')).move('applications', applied, 'withdraw');
  await page.locator('.page-head').getByText('撤回', { exact: true }).waitFor();
});

test('the notifications page shows what comes, leads to it, and marks it read in every tab', async (t) => {
  const { context, page, go } = await window(t, { as: 'enterprise' });
  await go('/notifications');
  const second = await context.newPage();
  await second.goto('/');
  await settled(second);
  const offer = await offered();
  const newest = page.locator('tbody tr').first();
  await eventually(async () => assert.equal(await newest.getByRole('link').getAttribute('href').then((href) => href?.split('?')[0]), `/offers/${offer.id}`));
  assert.match(await newest.innerText(), /未读/);
  await page.getByLabel('状态').selectOption('true');
  await page.waitForURL('**/notifications?unread=true');
  await settled(page);
  await checkPage(page, 'unread notifications');
  await page.locator('tbody').getByRole('link').first().click();
  await page.waitForURL(`**/offers/${offer.id}`);
  await settled(page);
  await page.goBack();
  await settled(page);
  await page.locator('.page-head').getByRole('button', { name: '全部标为已读' }).click();
  await page.getByText('没有符合筛选条件的内容').waitFor();
  for (const tab of [page, second]) await eventually(async () => assert.equal(await unread(tab), 0));
  assert.equal(await unreadByApi(), 0);
});

test('the bell lists the newest, each a link; Escape closes it and the focus returns', async (t) => {
  const offer = await offered();
  const { page, go } = await window(t, { as: 'enterprise' });
  await go('/');
  await bell(page).click();
  await page.locator('.bell-item').first().waitFor();
  await checkPage(page, 'bell open');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.bell-item').count(), 0);
  assert.ok(await bell(page).evaluate((e) => e === document.activeElement), 'the focus is back on the bell');
  await page.keyboard.press('Enter');
  await page.locator('.bell-item a').first().click();
  await page.waitForURL(`**/offers/${offer.id}`);
  assert.equal(await page.locator('.bell-item').count(), 0, 'moving on closes it');
});
