// A journey by keyboard alone for the roles whose own files have none: operator, auditor, insurer, and the second persons of
// a bank and of a guarantor.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { person, proposed, proposedGuarantee } from './support/cases.mjs';
import { fill, fillDay, heard, press, select, tabTo, tick } from './support/keyboard.mjs';
import { LOGINS, eventually, password, settled, useBrowser, window } from './support/portal.mjs';

useBrowser();

const arrives = async (page, pattern) => {
  await page.waitForURL(pattern);
  await settled(page);
};
/** Signs in as somebody would who has no mouse. */
async function signIn(t, as) {
  const opened = await window(t);
  await opened.go('/sign-in');
  await fill(opened.page, /^用户名/, LOGINS[as]);
  await fill(opened.page, /^密码/, password);
  await opened.page.keyboard.press('Enter');
  await arrives(opened.page, '**/');
  return opened;
}

test('the operator admits an institution, makes its first user, announces a holiday and tries weights', async (t) => {
  const { page } = await signIn(t, 'operator');
  const mark = Date.now().toString(36);
  await press(page, /^机构$/);
  await arrives(page, '**/institutions');
  await press(page, /^接入机构$/);
  await arrives(page, '**/institutions/new');
  await tick(page, /^银行$/);
  await fill(page, /^名称/, `键盘银行${mark}`);
  await tabTo(page, /^地区/);
  await page.keyboard.type('广州');
  await page.getByRole('option', { name: /广州市 440100/ }).waitFor();
  await page.keyboard.press('Enter');
  await press(page, /^接入$/);
  await arrives(page, /\/institutions\/[0-9a-f-]{36}$/);

  await press(page, /^用户$/);
  await arrives(page, '**/users');
  await press(page, /^新建用户$/);
  await arrives(page, '**/users/new');
  await fill(page, /^用户名/, `key-${mark}`);
  await fill(page, /^姓名/, '键盘经办');
  await fill(page, /^初始密码/, password);
  await tick(page, /^机构经办$/);
  await tabTo(page, /^机构$/);
  await page.keyboard.type(`键盘银行${mark}`);
  await page.getByRole('option', { name: `键盘银行${mark}` }).waitFor();
  await page.keyboard.press('Enter');
  await press(page, /^新建$/);
  await arrives(page, '**/users');
  const users = (await (await person('operator')).get('/v1/users?limit=100')).items;
  assert.deepEqual(users.find((user) => user.login === `key-${mark}`)?.roles, ['bank_maker']);

  await press(page, /^日历$/);
  await arrives(page, '**/calendar');
  const year = new Date().getFullYear() + 1;
  await fillDay(page, 'f-days-0-day', `${year}-12-31`);
  await tick(page, /^休息日$/);
  await fill(page, /^名称/, `休息日 ${mark}`);
  await press(page, /^公布$/);
  await eventually(async () => {
    const { items } = await (await person('operator')).get(`/v1/reference/calendar?year=${year}`);
    assert.equal(items.find((day) => day.day === `${year}-12-31`)?.name, `休息日 ${mark}`);
  });

  await page.evaluate(() => document.querySelector('#main h1')?.focus());
  await press(page, /^权重$/);
  await arrives(page, '**/weights');
  await press(page, /^填入现行权重$/);
  await press(page, /^试算$/);
  await page.getByText('试算的需求').waitFor();
});

test('the auditor reads who looked at what and follows it', async (t) => {
  const { page } = await signIn(t, 'auditor');
  await press(page, /^审计$/);
  await arrives(page, '**/audit');
  await press(page, /^操作留痕$/);
  await arrives(page, '**/audit?tab=trail');
  await tabTo(page, /^(融资需求|申请|授信方案|担保业务|产品|对接会)$/);
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => !url.pathname.startsWith('/audit'));
  await settled(page);
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'H1');
});

test("the insurer's maker writes a product and hands it in for review", async (t) => {
  const { page } = await signIn(t, 'insurer');
  const name = `键盘保证保险 ${Date.now().toString(36)}`;
  await press(page, /^新建产品$/);
  await arrives(page, '**/products/new');
  await select(page, /^类型/, '贷款保证保险');
  await fill(page, /^产品名称/, name);
  await fill(page, /^年担保费率\/保费率/, '2.5');
  await fill(page, /^承担比例/, '70');
  await press(page, /^保存$/);
  await arrives(page, /\/products\/[0-9a-f-]{36}$/);
  await press(page, /^提交审核$/);
  await page.getByRole('dialog').waitFor();
  await press(page, /^提交审核$/);
  await page.locator('.page-head').getByText('待审').waitFor();
});

test("the bank's checker finds the offer that waits, reads its terms and approves", async (t) => {
  const offer = await proposed();
  const { page } = await signIn(t, 'bankChecker');
  await press(page, /^授信方案$/);
  await arrives(page, '**/offers');
  await select(page, /^状态/, '待审批');
  await arrives(page, '**/offers?state=pending_approval');
  await tabTo(page, /^导出 CSV$/); // single keys are not taken from a field
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('j');
    if (await page.evaluate((id) => document.activeElement?.getAttribute('href')?.includes(id), offer.id)) break;
  }
  await page.keyboard.press('o');
  await arrives(page, `**/offers/${offer.id}`);
  await press(page, /^审批通过$/);
  await page.getByRole('dialog').waitFor();
  await press(page, /^审批通过$/);
  await page.getByText('方案已发给企业，等待答复。').waitFor();
});

test("the guarantor's checker decides the case that waits and opens the letter", async (t) => {
  const waiting = await proposedGuarantee();
  const { page } = await signIn(t, 'guaranteeChecker');
  for (let i = 0; i < 40 && (await heard(page)) !== waiting.case_no; i++) await page.keyboard.press('j');
  await page.keyboard.press('o');
  await arrives(page, `**/guarantee-cases/${waiting.id}`);
  await press(page, /^审批同意$/);
  await page.getByRole('dialog').waitFor();
  await press(page, /^审批同意$/);
  await page.getByRole('link', { name: '打开函件' }).waitFor();
  await settled(page);
  await page.evaluate(() => document.querySelector('#main h1')?.focus());
  await press(page, /^打开函件$/);
  await arrives(page, '**/letter');
});
