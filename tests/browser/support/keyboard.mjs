// A page used without a mouse: Tab until what is focused is called so, then press. Names are what a screen reader says.
import assert from 'node:assert/strict';

const MOST_TABS = 120;

/** What is heard of the focused element: its label or legend, or its own text. */
export const heard = (page) =>
  page.evaluate(() => {
    const e = document.activeElement;
    const names = [e?.labels?.[0]?.textContent, e?.getAttribute('aria-label'), e?.textContent];
    return names.find((text) => text?.trim())?.trim() ?? '';
  });

/** Goes on by Tab until what is focused is called so (`name`: a pattern) or has this id (`name`: a string). */
export async function tabTo(page, name) {
  for (let i = 0; i < MOST_TABS; i++) {
    await page.keyboard.press('Tab');
    if (typeof name === 'string' ? (await page.evaluate(() => document.activeElement?.id)) === name : name.test(await heard(page))) return;
  }
  assert.fail(`Tab does not lead to ${name}`);
}
export async function press(page, name) {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}
export async function fill(page, name, text) {
  await tabTo(page, name);
  await page.keyboard.type(text);
}
export async function tick(page, name) {
  await tabTo(page, name);
  await page.keyboard.press('Space');
}
/** A day in its three boxes; the first is where Tab leads from here. */
export async function fillDay(page, name, day) {
  const [year, month, date] = day.split('-').map((part) => String(Number(part)));
  await fill(page, name, year);
  await page.keyboard.press('Tab');
  await page.keyboard.type(month);
  await page.keyboard.press('Tab');
  await page.keyboard.type(date);
}
/** The option that begins with this text, by the arrow keys of the focused select. */
export async function select(page, name, label) {
  await tabTo(page, name);
  await page.keyboard.press('Home');
  for (let i = 0; i < MOST_TABS; i++) {
    const at = await page.evaluate(() => document.activeElement.selectedOptions?.[0]?.textContent?.trim() ?? '');
    if (at.startsWith(label)) return;
    await page.keyboard.press('ArrowDown');
  }
  assert.fail(`${name} has no ${label}`);
}
