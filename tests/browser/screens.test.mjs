import { test } from 'node:test';
import { LANGUAGES, WIDTHS, checkPage, picture, settled, useBrowser, window } from './support/portal.mjs';
import { SCREENS } from './support/screens.mjs';

useBrowser();

for (const screen of SCREENS)
  for (const language of LANGUAGES)
    test(`${screen.name} in ${language} has no fault at any width`, async (t) => {
      const { page, go, context, expect } = await window(t, { as: screen.as ?? undefined, language });
      for (const pattern of screen.expect ?? []) expect(pattern);
      const get = async (path) => (await context.request.get(path)).json();
      const path = typeof screen.path === 'function' ? await screen.path(get) : screen.path;
      for (const width of Object.keys(WIDTHS).map(Number)) {
        await page.setViewportSize({ width, height: WIDTHS[width] });
        await go(path);
        await settled(page);
        await checkPage(page, `${screen.name}-${language}-${width}`);
        await picture(page, `${screen.name}-${language}-${width}`);
      }
    });
