// Every page that the router knows, in both languages, at both widths, as it is and in 大字版: no fault that a machine can
// see, and a picture for people.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
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
const SHELL = ['/sign-in', '/search', '/:rest(.*)*'];
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

describe('screens', { concurrency: AT_ONCE }, () => {
  for (const screen of SCREENS)
    for (const language of LANGUAGES)
      test(`${screen.name} in ${language} has no fault at any width, nor in 大字版`, async (t) => {
        const { page, go, context, expect } = await window(t, { as: screen.as ?? undefined, login: await screen.login?.(), language });
        for (const pattern of screen.expect ?? []) expect(pattern);
        const get = async (path) => (await context.request.get(path)).json();
        const path = typeof screen.path === 'function' ? await screen.path(get) : screen.path;
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
      });
});
