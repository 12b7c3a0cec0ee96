// How the portal opens: what it costs before its first screen can be used, and what happens when it does not open, at the
// start or after an update that took away the files which an open tab names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useBrowser, settled, window } from './support/portal.mjs';

useBrowser();

const failing = (status) => (route) => route.fulfill({ status, body: '' });
/** What the tests below provoke. */
const provoke = (expect) => [/^answer (404|503)/, /^error: /, /^console: /].forEach(expect);
const marked = (page) => page.evaluate(() => globalThis.rqMark === true);
const mark = (page) => page.evaluate(() => { globalThis.rqMark = true; });

for (const language of ['zh', 'en'])
  test(`a page whose files are gone is loaded anew at its address, once: ${language}`, async (t) => {
    const { page, go, expect } = await window(t, { as: 'enterprise', language });
    provoke(expect);
    await go('/');
    await mark(page);
    await page.route('**/assets/enterprise-*.js', failing(404), { times: 1 });
    await page.getByRole('navigation').getByRole('link', { name: language === 'en' ? 'Needs' : '融资需求' }).first().click();
    await page.waitForURL(/\/needs(\?|$)/);
    await settled(page);
    assert.ok(await page.locator('tbody tr').count() > 0);
    assert.equal(await marked(page), false, 'the document is a new one');
  });

test('what cannot be loaded again says so in both languages and is not loaded for ever', async (t) => {
  const { page, go, expect } = await window(t, { as: 'enterprise' });
  provoke(expect);
  await go('/');
  let documents = 0;
  page.on('request', (request) => (documents += request.isNavigationRequest() ? 1 : 0));
  await page.route('**/assets/enterprise-*.js', failing(404));
  await page.getByRole('navigation').getByRole('link', { name: '融资需求' }).first().click();
  const alert = page.getByRole('alert');
  await alert.getByText('页面没有打开').waitFor();
  await alert.getByText('The page did not open').waitFor();
  assert.equal(documents, 1);
  await page.unroute('**/assets/enterprise-*.js');
  await alert.getByRole('link', { name: 'Try again' }).click();
  await settled(page);
  assert.match(page.url(), /\/needs$/);
  assert.equal(await alert.isVisible(), false);
});

for (const [what, pattern, status] of [
  ['words', '**/assets/common.*.json', 503],
  ['the session', '**/v1/sessions/current', 503],
  ['the script', '**/assets/index-*.js', 404],
])
  test(`a start without ${what} says so and can be tried again by keyboard`, async (t) => {
    const { page, expect } = await window(t, { as: 'bank' });
    provoke(expect);
    await page.route(pattern, failing(status));
    await page.goto('/needs');
    const alert = page.getByRole('alert');
    await alert.getByText('页面没有打开').waitFor();
    await page.unroute(pattern);
    const retry = alert.getByRole('link', { name: '重试' });
    for (let i = 0; i < 20 && !(await retry.evaluate((link) => link === document.activeElement)); i++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await settled(page);
    assert.match(page.url(), /\/needs$/);
    assert.equal(await alert.isVisible(), false);
  });

const KB = 1024;
const MOST_REQUESTS = 24;
/** `most` KB of scripts, styles and words go over the wire, as they are and with their headers. */
for (const [who, slowdown, most] of [['enterprise', 1, 60], ['enterprise', 4, 60], ['bank', 1, 120], ['government', 1, 120], [null, 1, 120]])
  test(`the first screen of ${who ?? 'a stranger'} on a cold cache, 10 Mbit/s, 60 ms, processor ${slowdown} times as slow`, async (t) => {
    const { page, context } = await window(t, { as: who ?? undefined });
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.enable');
    await devtools.send('Network.setCacheDisabled', { cacheDisabled: true });
    await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 60, downloadThroughput: 10e6 / 8, uploadThroughput: 10e6 / 8 });
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
    const paths = new Map();
    const files = { all: 0, bytes: 0 };
    devtools.on('Network.responseReceived', ({ requestId, response }) => paths.set(requestId, new URL(response.url).pathname));
    devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      files.all++;
      if (paths.get(requestId)?.startsWith('/assets/')) files.bytes += encodedDataLength;
    });
    const begun = Date.now();
    await page.goto('/', { waitUntil: 'commit' });
    await settled(page);
    const { all, bytes } = files;
    t.diagnostic(`usable after ${Date.now() - begun} ms, ${all} requests, ${(bytes / KB).toFixed(1)} KB of files`);
    assert.ok(bytes > 0 && bytes <= most * KB, `${bytes} bytes`);
    assert.ok(all <= MOST_REQUESTS, `${all} requests`);
  });
