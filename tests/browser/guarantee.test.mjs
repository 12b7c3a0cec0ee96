// A guarantee is decided by two persons, and the letter says what they decided; a reviewer works without a mouse.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approvedGuarantee, guaranteeCase, person, proposedGuarantee } from './support/cases.mjs';
import { checkPage, eventually, picture, settled, useBrowser, window } from './support/portal.mjs';

useBrowser();

const open = async (page) => page.getByRole('dialog').last();

test('the reviewer checks and proposes, the checker approves, the letter can be printed', async (t) => {
  const found = await guaranteeCase();
  const reviewer = await window(t, { as: 'guarantee' });
  await reviewer.go('/');
  await reviewer.page.getByRole('link', { name: found.case_no }).click();
  await reviewer.page.waitForURL(`**/guarantee-cases/${found.id}`);
  await settled(reviewer.page);
  await reviewer.page.getByRole('region', { name: '银行的授信方案' }).getByText('4.16%').waitFor();
  await reviewer.page.getByRole('button', { name: '开始尽调' }).click();
  await (await open(reviewer.page)).getByRole('button', { name: '开始尽调' }).click();
  await reviewer.page.getByRole('button', { name: '拟同意' }).waitFor();

  const checklist = reviewer.page.getByRole('region', { name: '审查清单' });
  await checklist.getByLabel(/结论 G01/).selectOption('met');
  await checklist.getByLabel(/结论 G10/).selectOption('not_applicable');
  await checklist.getByLabel('原因说明').fill('净资产未登记，另行核对。');
  await checklist.getByRole('button', { name: '保存结论' }).click();
  await checklist.getByText(/尽调 · \d{4}/).first().waitFor();
  await checkPage(reviewer.page, 'case with findings');

  await reviewer.page.getByRole('button', { name: '拟同意' }).click();
  const dialog = await open(reviewer.page);
  await dialog.getByLabel('年担保费率').fill('0.8');
  await dialog.getByLabel(/付费方/).selectOption('enterprise');
  await dialog.getByLabel('尽调意见').fill('第一还款来源稳定，同意提供担保。');
  await checkPage(reviewer.page, 'proposal');
  await picture(reviewer.page, 'guarantee-proposal-zh-1280');
  await dialog.getByRole('button', { name: '拟同意' }).click();
  await reviewer.page.getByText('由您提出，须由另一位审批人决定。').waitFor();
  assert.equal(await reviewer.page.getByRole('button', { name: '审批同意' }).count(), 0);

  const checker = await window(t, { as: 'guaranteeChecker' });
  await checker.go(`/guarantee-cases/${found.id}`);
  await checker.page.getByRole('button', { name: '审批同意' }).click();
  await (await open(checker.page)).getByRole('button', { name: '审批同意' }).click();
  await checker.page.getByRole('link', { name: '打开函件' }).click();
  await checker.page.waitForURL('**/letter');
  await settled(checker.page);
  const letter = await checker.page.locator('.letter').innerText();
  assert.match(letter, new RegExp(found.case_no));
  assert.match(letter, /主债权本金 ¥20,000,000\.00，期限 12 个月/);
  assert.match(letter, /年担保费率 0\.8%，由企业支付/);
  const pdf = await checker.page.pdf({ format: 'A4' });
  assert.ok(pdf.length > 10_000, 'it prints');
});

test('findings that are not saved stay while the case goes on; a fault is told at its item; nothing is decided or left before they are saved', async (t) => {
  const found = await guaranteeCase();
  const [reviewer, checker] = await Promise.all(['guarantee', 'guaranteeChecker'].map(person));
  const reviewing = await reviewer.move('guarantee-cases', found, 'review');
  const { page, go, expect } = await window(t, { as: 'guarantee' });
  expect(/^answer 422: POST \S+\/checklist/);
  await go(`/guarantee-cases/${found.id}`);
  const checklist = page.getByRole('region', { name: '审查清单' });
  await checklist.getByLabel(/结论 G01/).selectOption('met');
  await checklist.getByLabel(/结论 G06/).selectOption('not_met');
  await checklist.getByRole('button', { name: '保存结论' }).click();
  await page.getByRole('alert').getByRole('link').click();
  const item = checklist.getByRole('listitem').filter({ has: page.getByLabel(/结论 G06/) });
  assert.equal(await item.locator('.field-fault').count(), 1, 'what is missing is missing at item 6');
  assert.equal(await checklist.locator('.field-fault').count(), 1);
  assert.equal(await item.getByLabel('原因说明').evaluate((input) => input === document.activeElement), true);
  await checkPage(page, 'a finding without its note');
  await item.getByLabel('原因说明').fill('抵押物评估尚未完成。');

  // Meanwhile another person finds something, it is proposed elsewhere, and the page hears of the case.
  await checker.post(`/v1/guarantee-cases/${found.id}/checklist`, { items: [{ code: 'G02', finding: 'met' }] });
  await reviewer.move('guarantee-cases', reviewing, 'propose', { fee_ppm: 8000, fee_paid_by: 'enterprise', note: '第一还款来源稳定，同意提供担保。' });
  await (await person('government')).post('/v1/nudges', { subject_kind: 'guarantee_case', subject_id: found.id, message: '请尽快完成担保审查。' });
  await page.locator('.page-head').getByText('待审批').waitFor();
  await eventually(async () => assert.equal(await checklist.getByLabel(/结论 G02/).inputValue(), 'met'));
  assert.equal(await checklist.getByLabel(/结论 G01/).inputValue(), 'met');
  assert.equal(await item.getByLabel('原因说明').inputValue(), '抵押物评估尚未完成。');
  await page.getByText('先保存审查清单的结论，再办理。').waitFor();
  page.once('dialog', (dialog) => dialog.dismiss());
  await page.getByRole('navigation').getByRole('link', { name: '在保业务' }).click();
  assert.match(page.url(), new RegExp(found.id), 'leaving asks');
  await checklist.getByRole('button', { name: '保存结论' }).click();
  await eventually(async () => assert.equal(await page.getByText('先保存审查清单的结论，再办理。').count(), 0));
  const { checklist: kept } = await reviewer.get(`/v1/guarantee-cases/${found.id}`);
  assert.deepEqual(kept.items.filter((one) => one.finding).map((one) => [one.code, one.finding]), [['G01', 'met'], ['G02', 'met'], ['G06', 'not_met']]);
  assert.equal(kept.items[1].found_by_name, (await checker.get('/v1/sessions/current')).name, 'what others found is not found anew');

  // The review ends elsewhere while something is unsaved here: that is said.
  await checklist.getByLabel(/结论 G03/).selectOption('met');
  const enterprise = await person('enterprise');
  await enterprise.move('applications', await enterprise.get(`/v1/applications/${found.application_id}`), 'withdraw');
  await page.getByText('未保存的审查结论没有记入').waitFor();
});

test('a refusal has a coded reason, is confirmed by a second person, and the letter says how to repair it', async (t) => {
  const found = await guaranteeCase();
  const reviewer = await window(t, { as: 'guarantee' });
  await reviewer.go(`/guarantee-cases/${found.id}`);
  await reviewer.page.getByRole('button', { name: '开始尽调' }).click();
  await (await open(reviewer.page)).getByRole('button', { name: '开始尽调' }).click();
  await reviewer.page.getByRole('button', { name: '拟拒绝' }).click();
  const dialog = await open(reviewer.page);
  await dialog.getByLabel('原因', { exact: true }).selectOption('R02');
  await dialog.getByLabel('原因说明').fill('纳税信用等级暂不符合担保准入要求。');
  await dialog.getByRole('button', { name: '拟拒绝' }).click();
  await reviewer.page.getByText('由您提出，须由另一位审批人决定。').waitFor();

  const checker = await window(t, { as: 'guaranteeChecker' });
  await checker.go(`/guarantee-cases/${found.id}`);
  await checker.page.getByRole('button', { name: '复核拒绝' }).click();
  await (await open(checker.page)).getByRole('button', { name: '复核拒绝' }).click();
  await checker.page.getByRole('link', { name: '打开函件' }).click();
  await checker.page.getByRole('heading', { name: /不予担保告知书/ }).waitFor();
  const letter = await checker.page.locator('.letter').innerText();
  assert.match(letter, /R02/);
  assert.match(letter, /纳税信用等级暂不符合/);
});

test('each figure of the book says what it counts and leads to the list of just that; what ended stands under ended', async (t) => {
  const [reviewer, guarantor, bank] = await Promise.all(['guarantee', 'guaranteeChecker', 'bankChecker'].map(person));
  const inForce = async () => guarantor.move('guarantee-cases', await approvedGuarantee(), 'take_effect');
  const [kept, ended] = [await inForce(), await bank.move('guarantee-cases', await inForce(), 'release')];
  await approvedGuarantee();
  await proposedGuarantee();
  const { page, go } = await window(t, { as: 'guarantee' });
  const asked = [];
  page.on('request', (request) => request.url().includes('/v1/guarantee-cases?') && asked.push(new URL(request.url()).searchParams));
  /** How many rows the list has that the page at `href` asks for. */
  const listed = async (href) => {
    asked.length = 0;
    await go(href);
    const query = asked.at(-1);
    query.set('limit', '100');
    const { items, next } = await reviewer.get(`/v1/guarantee-cases?${query}`);
    assert.equal(next ?? null, null);
    return items.length;
  };
  await go('/exposure');
  const figures = await page.locator('.figures-one').filter({ has: page.getByRole('link') }).evaluateAll((all) => all.map((one) => ({
    href: one.querySelector('a').getAttribute('href'), cases: Number(/(\d+) 笔/.exec(one.textContent)[1]), text: one.querySelector('.note').textContent,
  })));
  assert.equal(figures.length, 3);
  const counts = await page.locator('td a[href^="/in-force?"]').evaluateAll((all) => all.map((one) => ({ href: one.getAttribute('href'), cases: Number(one.textContent) })));
  assert.ok(counts.length >= 2, 'by bank and by enterprise');
  for (const { href, cases, text } of [...figures, ...counts]) {
    assert.equal(await listed(href), cases, `${href}: ${text}`);
    assert.ok(cases > 0, href);
  }
  await page.getByLabel('企业').waitFor(); // of whom the list is can be seen, and taken off
  assert.match(await page.getByLabel('企业').evaluate((select) => select.selectedOptions[0].text), /公司/);

  await go('/in-force');
  await page.getByRole('link', { name: kept.case_no }).waitFor();
  assert.equal(await page.getByRole('link', { name: ended.case_no }).count(), 0, 'what was released is not in force');
  await page.getByRole('link', { name: '已结束' }).click();
  await page.getByRole('link', { name: ended.case_no }).waitFor();
  assert.equal(await page.getByRole('link', { name: kept.case_no }).count(), 0);
  await checkPage(page, 'guarantees that ended');
  const notified = await (await person('bank')).move('guarantee-cases', kept, 'notify_claim');
  await page.getByRole('link', { name: '索赔与追偿' }).click();
  await page.getByRole('link', { name: notified.case_no }).waitFor();
});

test('a reviewer goes through the queue and proposes by keyboard alone', async (t) => {
  const found = await guaranteeCase();
  const { page, go } = await window(t, { as: 'guarantee' });
  await go('/');
  const here = () => page.evaluate(() => document.activeElement?.textContent?.trim());
  for (let i = 0; i < 40 && (await here()) !== found.case_no; i++) await page.keyboard.press('j');
  assert.equal(await here(), found.case_no, 'j comes to the case');
  await page.keyboard.press('o');
  await page.waitForURL(`**/guarantee-cases/${found.id}`);
  await settled(page);
  const tabTo = async (wanted) => {
    for (let i = 0; i < 80; i++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => ({ text: document.activeElement?.textContent?.trim(), id: document.activeElement?.id }));
      if (at.text === wanted || at.id === wanted) return;
    }
    assert.fail(`Tab never came to ${wanted}`);
  };
  await tabTo('开始尽调');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await tabTo('开始尽调');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: '拟同意' }).waitFor();
  await settled(page);
  await page.evaluate(() => document.querySelector('#main h1')?.focus());
  await tabTo('拟同意');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await tabTo('f-fee_ppm');
  await page.keyboard.type('0.8');
  await tabTo('f-note');
  await page.keyboard.type('第一还款来源稳定，同意担保。');
  await tabTo('拟同意');
  await page.keyboard.press('Enter');
  await page.getByText('由您提出，须由另一位审批人决定。').waitFor();
  await eventually(async () => assert.equal(await page.getByRole('dialog').count(), 0));
});
