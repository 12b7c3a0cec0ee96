// What every browser test uses: the browser, people who are signed in, and pages that fail their test when the browser
// sees a CSP violation, an error, a failed request, an axe violation or a page wider than its window.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before } from 'node:test';

const require = createRequire(new URL('../../../server/portal/package.json', import.meta.url));
const { chromium, request } = require('playwright-core');
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const { admin, psql, ...server } = JSON.parse(process.env.RQ_PORTAL_SERVER);
export const { origin, password, key } = server;
/** What no API does, such as passing a deadline or rows by the thousand: SQL as the database's owner. */
export const sql = (statement) => execFileSync(psql[0], [...psql.slice(1), `--command=${statement}`], { stdio: ['ignore', 'ignore', 'inherit'] });
export const WIDTHS = { 1280: 800, 390: 844 };
export const LANGUAGES = ['zh', 'en'];
/** One login a role, of the demo's data. */
export const LOGINS = {
  enterprise: 'huayin',
  bank: 'spdb-guangzhou-maker',
  bankChecker: 'spdb-guangzhou-checker',
  guarantee: 'demo-guarantor-gd-reviewer',
  guaranteeChecker: 'demo-guarantor-gd-checker',
  insurer: 'demo-insurer-maker',
  government: 'authority-gd',
  operator: 'operator',
  auditor: 'auditor',
};

/** Debian's Chromium without the desktop's window, which takes a third of the time; else the whole one. */
const executablePath =
  process.env.CHROMIUM ?? ['/usr/lib/chromium/chromium-headless-shell', '/usr/bin/chromium'].find((path) => existsSync(path));

let browser;
/** Opens one browser for the tests of the file. */
export function useBrowser() {
  before(async () => {
    browser = await chromium.launch({
      executablePath,
      args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync', '--font-render-hinting=none'],
    });
  });
  after(() => browser?.close());
}

/** Records what a page must not do. `expect(pattern)` lets a test provoke one kind of it. */
function watch(page, seen, allowed) {
  const note = (text) => allowed.some((pattern) => pattern.test(text)) || seen.push(text);
  page.on('pageerror', (error) => note(`error: ${error.stack ?? error}`));
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? '';
    if (why !== 'net::ERR_ABORTED') note(`request failed: ${request.method()} ${request.url()} ${why}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400) note(`answer ${response.status()}: ${response.request().method()} ${response.url()}`);
  });
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) note(`console: ${text}`);
  });
}

const sessions = new Map();
const FRESH_MS = 180_000;
/** The browser's state of somebody who signed in not long ago: tests of a file share it, unless they end it. */
function signedIn(login, isOwn) {
  if (isOwn) return signIn(login);
  const known = sessions.get(login);
  if (known && Date.now() - known.since < FRESH_MS) return known.state;
  const state = signIn(login);
  sessions.set(login, { since: Date.now(), state });
  return state;
}
/** The session's cookie and the portal's mark that there is one. */
async function signIn(login) {
  const http = await request.newContext({ baseURL: origin, ignoreHTTPSErrors: true });
  const answer = await http.post('/v1/sessions', { data: { login, password, cookie: true } });
  assert.equal(answer.status(), 201, `${login} signs in`);
  const { cookies } = await http.storageState();
  await http.dispose();
  return { cookies, origins: [{ origin, localStorage: [{ name: 'rq-signed-in', value: '1' }] }] };
}

/**
 * A browser window of its own for one test: `await window(t, {as: 'enterprise', width: 390, language: 'en'})`, with a
 * session of its own when `ends` says that the test ends it. Returns {page, context, go, expect, saw}; what went wrong
 * in it fails the test at its end.
 */
export async function window(t, { as, login = as && LOGINS[as], width = 1280, language = 'zh', ends = false } = {}) {
  const context = await browser.newContext({
    baseURL: origin,
    ignoreHTTPSErrors: true,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    reducedMotion: 'reduce',
    viewport: { width, height: WIDTHS[width] ?? 800 },
    storageState: login ? await signedIn(login, ends) : undefined,
  });
  const seen = [];
  const allowed = [];
  await context.exposeBinding('rqViolation', (_, text) => seen.push(`CSP: ${text}`));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      globalThis.rqViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
  });
  context.on('page', (page) => watch(page, seen, allowed));
  const page = await context.newPage();
  t.after(async () => {
    await context.close();
    assert.deepEqual(seen, [], 'what the browser saw');
  });
  return {
    context,
    page,
    /** Opens a path in the window's language and waits until it is read. */
    async go(path) {
      const url = new URL(path, origin);
      if (language === 'en') url.searchParams.set('l', 'en');
      await page.goto(url.href);
      await settled(page);
    },
    expect: (pattern) => allowed.push(pattern),
    /** What went wrong since it was asked before, for tests that share a window. */
    saw: () => seen.splice(0),
  };
}

/** Waits until the page has its heading and nothing is being read. */
export async function settled(page) {
  await page.locator('#main h1').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('.busy-on') && !document.querySelector('[aria-busy="true"]'));
}

/** Tries until `check` no longer throws, for at most so long. */
export async function eventually(check, ms = 10_000) {
  for (const end = Date.now() + ms; ; await new Promise((resolve) => setTimeout(resolve, 50)))
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
}

/** One of the server's own figures, as operators scrape it. */
export async function metric(name) {
  const text = await (await fetch(`${admin}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)[1]);
}

/** Nothing is wider than the window, and nothing sticks out of the panel it stands in. */
export async function checkWidth(page, name) {
  const wide = await page.evaluate(() => {
    const within = (box, e) => e.getBoundingClientRect().right <= box + 1;
    const tell = (e) => `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 40)}`;
    const width = document.documentElement.clientWidth;
    const out = document.documentElement.scrollWidth <= width ? [] : [...document.querySelectorAll('body *')].filter((e) => !within(width, e));
    for (const panel of document.querySelectorAll('.panel')) {
      const { right } = panel.getBoundingClientRect();
      // What scrolls by itself may be wider inside.
      const scrolls = (e) => e !== panel && (/auto|scroll|hidden/.test(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
      out.push(...[...panel.querySelectorAll('*')].filter((e) => !e.closest('dialog, svg') && !within(right, e) && !scrolls(e.parentElement)));
    }
    return out.slice(0, 5).map(tell);
  });
  assert.deepEqual(wide, [], `nothing sticks out on ${name}`);
}

/** No axe violation (WCAG 2.2 A and AA, best practices), nothing too wide, one h1. */
export async function checkPage(page, name) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const result = await globalThis.axe.run(document, { resultTypes: ['violations'] });
    return result.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`);
  });
  assert.deepEqual(violations, [], `axe on ${name}`);
  await checkWidth(page, name);
  assert.equal(await page.locator('h1').count(), 1, `one h1 on ${name}`);
}

/** Keeps a picture of the whole page for people to look at. */
export async function picture(page, name) {
  await page.screenshot({ path: join(process.env.RQ_SCREENS, `${name}.png`), fullPage: true });
}

/** The focused element, for keyboard tests. */
export const focused = (page) => page.evaluate(() => document.activeElement?.textContent?.trim() || document.activeElement?.getAttribute('aria-label') || document.activeElement?.id);
