// Every figure of the dashboard, of an institution and of what is overdue against the list that it leads to. Nothing may
// happen in between, so run.mjs runs it while no other test does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approvedGuarantee, once, person } from './support/cases.mjs';
import { funded, overdue, strangersNeed } from './support/government_cases.mjs';
import { settled, useBrowser, window } from './support/portal.mjs';

useBrowser();

/** The list of the API that the portal's address shows. */
function listOf(href) {
  const url = new URL(href, 'https://portal');
  for (const name of ['figure', 'l']) url.searchParams.delete(name);
  if (url.pathname === '/overdue') url.pathname = '/statistics/overdue-cases';
  return url;
}
/** All items behind a list's address, by the API. */
async function itemsBehind(href) {
  const url = listOf(href);
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

/** What a figure says, held against the rows of its list. */
function assertFigure({ href, text }, figure, items) {
  if (figure.adds_up !== null) {
    const sum = items.reduce((total, item) => total + (item[figure.adds_up] ?? 0), 0);
    // A tile rounds to whole units.
    assert.ok(Math.abs(fenOf(text) - sum) <= Math.max(50, sum * 0.005), `${href}: ${text} is not ${sum}`);
  } else if (figure.code === 'institutions.yes_ppm')
    assert.equal(text, `${Math.round((100 * items.filter((item) => item.offered_at).length) / items.length)}%`, href);
  else if (figure.unit === 'cases' || figure.unit === 'enterprises') assert.equal(text, new Intl.NumberFormat('zh-CN').format(items.length), href);
  // What a median, a rate or the earliest deadline is taken over: something. The API's own tests count it.
  else assert.ok(items.length > 0, href);
}

/** The page that a link leads to asks for all that the link says, tells what the figure means, and shows as many rows. */
async function assertOnScreen({ page, go }, href, figure, items) {
  const url = listOf(href);
  const [asked] = await Promise.all([
    page.waitForRequest((request) => new URL(request.url()).pathname === `/v1${url.pathname}` && request.method() === 'GET'),
    go(href),
  ]);
  const query = new URL(asked.url()).searchParams;
  for (const [name, value] of url.searchParams) assert.equal(query.get(name), value, `${href}: the page asks for ${name}`);
  await page.getByText(`指标“${figure.name_zh}”的明细`).waitFor();
  const count = () => page.locator('.table-frame').first().locator('tbody tr').count();
  let rows = await count();
  while (await page.getByRole('button', { name: '下一页' }).count()) {
    await page.getByRole('button', { name: '下一页' }).click();
    await settled(page);
    rows += await count();
  }
  assert.equal(rows, items.length, `${href} on the screen`);
}

test('every figure leads to a list whose total is the figure, on the screen too', async (t) => {
  await once(funded);
  await once(overdue);
  await once(strangersNeed);
  const { guarantor, bank } = await once(approvedGuarantee);
  const shown = await window(t, { as: 'government' });
  const { page, go } = shown;
  const { items: figures } = await (await person('government')).get('/v1/reference/figures');
  const links = new Map();
  for (const path of ['/', '/?level=county', '/overdue', `/institutions/${bank.id}`, `/institutions/${guarantor.id}`]) {
    await go(path);
    await page.locator('#main a[href*="figure="]').first().waitFor({ state: 'attached' });
    await page.locator('details').evaluateAll((all) => all.forEach((one) => (one.open = true)));
    const found = await page.locator('#main a[href*="figure="]').evaluateAll((all) =>
      all.map((a) => ({ href: a.getAttribute('href'), text: (a.querySelector('strong') ?? a).textContent.trim() })));
    for (const link of found) if (!path.includes('level') || !/^0( 元)?$/.test(link.text)) links.set(link.href, link);
  }
  const told = new Set();
  const opened = new Set();
  for (const link of links.values()) {
    const url = new URL(link.href, 'https://portal');
    const figure = figures.find((one) => one.code === url.searchParams.get('figure'));
    assert.ok(figure, link.href);
    told.add(figure.code);
    const items = await itemsBehind(link.href);
    assertFigure(link, figure, items);
    // One of each kind on the screen: a list, and what it is asked.
    const kind = `${url.pathname} ${figure.report} ${[...listOf(link.href).searchParams.keys()].sort()}`;
    if (opened.has(kind) || !items.length) continue;
    opened.add(kind);
    await assertOnScreen(shown, link.href, figure, items);
  }
  t.diagnostic(`${links.size} links, ${opened.size} opened`);
  // A round's own are counted by api.rounds; they need a round that is over.
  const ofRegion = figures.filter((figure) => !['round', 'follow_up'].includes(figure.report));
  assert.deepEqual(ofRegion.map((figure) => figure.code).filter((code) => !told.has(code)), [], 'every figure is a link');
});

for (const as of ['bank', 'guarantee'])
  test(`the figures of its own statistics lead ${as} to their lists`, async (t) => {
    await once(funded);
    await once(approvedGuarantee);
    const { page, go } = await window(t, { as });
    await go('/statistics');
    await page.locator('.figures a').first().waitFor();
    const links = await page.locator('.figures-one').evaluateAll((all) =>
      all.map((one) => ({ label: one.querySelector('p').textContent, href: one.querySelector('a')?.getAttribute('href'), text: one.querySelector('.figure').textContent })));
    assert.ok(links.length >= 8);
    for (const { label, href, text } of links) {
      assert.ok(href || text === '—', `${label}: ${text}`);
      if (!href) continue;
      await go(href);
      const next = page.getByRole('button', { name: '下一页' });
      let rows = await page.locator('tbody tr').count();
      for (; await next.count(); rows += await page.locator('tbody tr').count()) {
        await next.click();
        await settled(page);
      }
      if (/^\d+$/.test(text) && !/用时/.test(label)) assert.equal(rows, Number(text), `${label}: ${href}`);
      else if (!/^0/.test(text)) assert.ok(rows > 0, `${label}: ${href}`);
    }
  });
