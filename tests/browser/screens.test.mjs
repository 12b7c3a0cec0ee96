// Every page that the router knows, in both languages, at both widths, as it is and in 大字版: no fault that a machine can
// see, and a picture for people.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LANGUAGES, WIDTHS, checkPage, checkWidth, picture, useBrowser, window } from './support/portal.mjs';
import { SCREENS } from './support/screens.mjs';

useBrowser();

/** The paths of the router's table, as it is for whoever is signed in, and the one that is open now. */
const routes = (page) =>
  page.evaluate(() => {
    const { $router } = document.querySelector('#app').__vue_app__.config.globalProperties;
    return { all: $router.getRoutes().map((route) => route.path), open: $router.currentRoute.value.matched.at(-1)?.path };
  });
/** The shell's own pages are the same for everybody. */
const SHELL = ['/sign-in', '/search', '/one-time-codes', '/:rest(.*)*'];
const AREAS = ['enterprise', 'bank', 'guarantee', 'insurer', 'government', 'operator'];

test('the table of screens is the router\'s table: no page without a screen, no screen without a page', async (t) => {
  for (const as of AREAS) {
    const { page, go, context } = await window(t, { as });
    await go('/');
    const { all } = await routes(page);
    const shown = SCREENS.filter((screen) => screen.as === as || SHELL.includes(screen.route)).map((screen) => screen.route);
    assert.deepEqual([...new Set(shown)].sort(), [...new Set(all)].sort(), `${as}: support/screens.mjs and the router`);
    await context.close();
  }
});

async function setLarge(page, on) {
  await page.evaluate((want) => {
    const button = document.querySelector('.bar-end [aria-pressed]');
    if ((button.getAttribute('aria-pressed') === 'true') !== want) button.click();
  }, on);
  await page.waitForFunction((want) => document.documentElement.classList.contains('large') === want, on);
}

/** Two of these and the other file that runs meanwhile keep two cores busy. */
const AT_ONCE = Number(process.env.RQ_AT_ONCE ?? 2);

/** Screens of the same person, in one window a language: what is loaded once is loaded. */
const people = new Map();
for (const screen of SCREENS) {
  const who = `${screen.as ?? 'nobody'}${screen.login ? ' without an enterprise' : ''}`;
  people.set(who, [...(people.get(who) ?? []), screen]);
}

async function look(shared, screen, language) {
  const { page, go, context } = shared;
  const get = async (path) => (await context.request.get(path)).json();
  const path = typeof screen.path === 'function' ? await screen.path(get) : screen.path;
  await page.setViewportSize({ width: 1280, height: WIDTHS[1280] });
  await go(path);
  assert.equal((await routes(page)).open, screen.route, `${path} shows the page it names`);
  for (const width of [1280, 390]) {
    const name = `${screen.name}-${language}-${width}`;
    await page.setViewportSize({ width, height: WIDTHS[width] });
    await checkPage(page, name);
    await picture(page, name);
    await setLarge(page, true);
    await checkWidth(page, `${name} in 大字版`);
    if (language === 'zh' && width === 390) await picture(page, `${name}-large`);
    await setLarge(page, false);
  }
  assert.deepEqual(shared.saw(), [], 'what the browser saw');
}

describe('screens', { concurrency: AT_ONCE }, () => {
  for (const [who, screens] of people)
    for (const language of LANGUAGES)
      describe(`${who} in ${language}`, { concurrency: 1 }, () => {
        let shared;
        let end;
        before(async () => {
          const [{ as, login }] = screens;
          shared = await window({ after: (close) => (end = close) }, { as: as ?? undefined, login: await login?.(), language });
        });
        after(() => end());
        for (const screen of screens)
          test(`${screen.name} in ${language} has no fault at any width, nor in 大字版`, () => look(shared, screen, language));
      });
});
