// Every figure of the dashboard against the list that it leads to. Nothing may happen in between, so run.mjs runs it while
// no other test does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guaranteeCase, once, person } from './support/cases.mjs';
import { funded } from './support/government_cases.mjs';
import { settled, useBrowser, window } from './support/portal.mjs';

useBrowser();

/** All items behind a list's address, by the API. */
async function itemsBehind(href) {
  const url = new URL(href, 'https://portal');
  for (const name of ['figure', 'l']) url.searchParams.delete(name);
  const authority = await person('government');
  const items = [];
  for (let cursor; ; ) {
    const query = new URLSearchParams(url.searchParams);
    query.set('limit', '100');
    if (cursor) query.set('cursor', cursor);
    const page = await authority.get(`/v1${url.pathname}?${query}`);
    items.push(...page.items);
    if (!page.next) return items;
    cursor = page.next;
  }
}
const UNITS = { 亿元: 1e10, 万元: 1e6, 元: 100 };
function fenOf(text) {
  const [, number, unit] = /^([\d,.]+) (亿元|万元|元)$/.exec(text);
  return Number(number.replaceAll(',', '')) * UNITS[unit];
}

test('every figure of the dashboard leads to a list whose total is the figure', async (t) => {
  await once(funded);
  await once(guaranteeCase);
  const { page, go } = await window(t, { as: 'government' });
  const { items: figures } = await (await person('government')).get('/v1/reference/figures');
  await go('/');
  await page.locator('details').evaluateAll((all) => all.forEach((one) => (one.open = true)));
  const links = await page.locator('#main a[href*="figure="]').evaluateAll((all) =>
    all.map((a) => ({ href: a.getAttribute('href'), text: (a.querySelector('strong') ?? a).textContent.trim() })));
  assert.ok(links.length > 60, `${links.length} figures are links`);
  const seen = new Set();
  for (const { href, text } of links) {
    const figure = figures.find((one) => one.code === new URL(href, 'https://portal').searchParams.get('figure'));
    assert.ok(figure, href);
    if (seen.has(href)) continue;
    seen.add(href);
    const items = await itemsBehind(href);
    if (figure.adds_up === null) assert.equal(text, new Intl.NumberFormat('zh-CN').format(items.length), href);
    else {
      const sum = items.reduce((total, item) => total + (item[figure.adds_up] ?? 0), 0);
      // A tile rounds to whole units.
      assert.ok(Math.abs(fenOf(text) - sum) <= Math.max(50, sum * 0.005), `${href}: ${text} is not ${sum}`);
    }
  }
  t.diagnostic(`${seen.size} figures`);
  // And once on the screen.
  const posted = page.locator('.figures a').first();
  const total = Number((await posted.textContent()).replace(',', ''));
  await posted.click();
  await page.getByText(/指标“发布”的明细/).waitFor();
  await settled(page);
  let rows = await page.locator('tbody tr').count();
  while (await page.getByRole('button', { name: '下一页' }).count()) {
    await page.getByRole('button', { name: '下一页' }).click();
    await settled(page);
    rows += await page.locator('tbody tr').count();
  }
  assert.equal(rows, total);
});
