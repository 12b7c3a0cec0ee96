// An authority's day: verify, confirm a list, publish a programme, run a round, follow every figure to its list; once by
// keyboard alone.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { application, guaranteeCase, once, person } from './support/cases.mjs';
import { funded, late, newcomer, overdue, register, strangersNeed } from './support/government_cases.mjs';
import { checkPage, eventually, picture, settled, useBrowser, window } from './support/portal.mjs';

useBrowser();

const signIn = (t, more = {}) => window(t, { as: 'government', ...more });

test('an enterprise in the queue is verified and leaves it', async (t) => {
  const enterprise = await newcomer();
  const { page, go } = await signIn(t);
  await go('/verification');
  await page.getByRole('link', { name: enterprise.name }).click();
  await settled(page);
  await page.getByRole('row', { name: /统一社会信用代码.*校验位不符/ }).waitFor();
  await page.getByLabel('核验通过').check();
  await page.getByLabel('核验依据').fill('与国家企业信用信息公示系统核对一致。');
  await page.getByRole('button', { name: '保存' }).click();
  await page.locator('.notice-good').getByText('核验结论已保存').waitFor();
  await checkPage(page, 'verified');
  assert.equal((await (await person('government')).get(`/v1/enterprises/${enterprise.id}`)).verification, 'verified');
  await go('/verification');
  assert.equal(await page.getByRole('link', { name: enterprise.name }).count(), 0);
});

test('an enterprise is returned only with what it must correct', async (t) => {
  const enterprise = await newcomer();
  const { page, go, expect } = await signIn(t);
  expect(/answer 422/);
  await go(`/enterprises/${enterprise.id}`);
  await page.getByLabel('退回').check();
  await page.getByRole('button', { name: '保存' }).click();
  await page.getByRole('alert').getByRole('link', { name: /核验依据/ }).click();
  await page.keyboard.type('企业名称与登记机关的记录不一致，请更正后重新提交。');
  await page.getByRole('button', { name: '保存' }).click();
  await eventually(async () =>
    assert.equal((await (await person('government')).get(`/v1/enterprises/${enterprise.id}`)).verification, 'rejected'));
});

test('a list is previewed line by line, then what can be is imported', async (t) => {
  const enterprise = await newcomer();
  const { page, go } = await signIn(t);
  await go('/lists');
  const csv = [
    'uscc,tag,issuer,valid_from,valid_to',
    `${enterprise.uscc},srdi,"广东省工业和信息化厅",2026-01-01,2028-12-31`,
    '91440100MA00000000,srdi,,,',
    `${enterprise.uscc},nosuchtag,,,`,
    `${enterprise.uscc},high_tech,,2028-01-01,2026-01-01`,
    `${enterprise.uscc},tech_sme,,2026-02-30,`,
  ].join('\r\n');
  await page.getByLabel('CSV 文件').setInputFiles({ name: '名单.csv', mimeType: 'text/csv', buffer: Buffer.from(`\uFEFF${csv}`) });
  await page.getByRole('row', { name: /专精特新.*新认定/ }).waitFor();
  await page.getByRole('row', { name: /平台无此企业/ }).waitFor();
  await page.getByRole('row', { name: /没有名为“nosuchtag”的资质/ }).waitFor();
  const read = async () => (await (await person('government')).get(`/v1/enterprises/${enterprise.id}`)).tags.map((tag) => tag.tag);
  assert.deepEqual(await read(), [], 'the preview keeps nothing');
  await checkPage(page, 'preview');
  await picture(page, 'government-lists-preview-zh-1280');
  await page.getByRole('row', { name: /高新技术企业.*有误 valid_from 晚于 valid_to/ }).waitFor();
  await page.getByRole('row', { name: /有误 valid_from 不是实际存在的日期/ }).waitFor();
  await page.getByRole('button', { name: '导入 1 行' }).click();
  await page.locator('.notice-good').getByText('已导入 1 行，0 行未导入').waitFor();
  assert.deepEqual(await read(), ['srdi']);
});

test('a line of a list that could not be asked about says why, and is judged again', async (t) => {
  const enterprise = await newcomer();
  const { page, go, expect } = await signIn(t);
  expect(/answer 500/);
  await go('/lists');
  await page.route('**/v1/enterprises?*', (way) => way.fulfill({ status: 500, contentType: 'application/problem+json', body: '{}' }));
  const csv = `uscc,tag\n${enterprise.uscc},srdi\n91440100MA00000000,srdi\n${enterprise.uscc},nosuchtag\n`;
  await page.getByLabel('CSV 文件').setInputFiles({ name: '名单.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
  const waiting = page.getByRole('row', { name: /未能判定 \S+/ });
  await eventually(async () => assert.equal(await waiting.count(), 2));
  assert.equal(await page.getByRole('row', { name: /没有名为“nosuchtag”的资质/ }).count(), 1, 'what is judged stays judged');
  await checkPage(page, 'lines that could not be judged');
  await page.unroute('**/v1/enterprises?*');
  await page.getByRole('button', { name: '重新判定 2 行' }).click();
  await page.getByRole('row', { name: /新认定/ }).waitFor();
  await page.getByRole('row', { name: /平台无此企业/ }).waitFor();
  assert.equal(await waiting.count(), 0);
});

test('a programme is published with a condition that the engine evaluates, and retired', async (t) => {
  const { page, go } = await signIn(t);
  await go('/programmes/new');
  await page.getByLabel('贷款贴息').check();
  await page.getByLabel('名称', { exact: true }).fill('广州市研发贷贴息（测试）');
  await page.getByLabel('补贴比例').fill('40');
  await page.getByLabel('适用区域').fill('广州');
  await page.getByRole('option', { name: /广州市 440100/ }).click();
  await page.getByRole('button', { name: '添加条件' }).click();
  await page.getByLabel('事实').selectOption('first_loan');
  await page.getByLabel('值').selectOption('true');
  await checkPage(page, 'programme form');
  await picture(page, 'government-programme-rule-zh-1280');
  await page.getByRole('button', { name: '发布' }).click();
  await page.waitForURL(/\/programmes\/[0-9a-f-]{36}/);
  await settled(page);
  await page.getByText('40%').waitFor();
  const { href } = new URL(page.url());
  await go('/programmes');
  await page.getByRole('row', { name: /广州市研发贷贴息（测试）.*实付的 40%/ }).first().waitFor();
  await go(href);
  await page.locator('.rule-rows').getByText(/首贷/).waitFor();
  await page.getByRole('button', { name: '下线' }).click();
  await page.getByRole('dialog').getByRole('button', { name: '下线' }).click();
  await page.locator('.tag').getByText('已下线').waitFor();
});

test('the green channel of a need is opened with its ground', async (t) => {
  const { need_id: id } = await once(guaranteeCase);
  const { page, go } = await signIn(t);
  await go(`/needs/${id}`);
  await page.getByRole('button', { name: '绿色通道' }).click();
  await page.getByLabel('重点企业名单').check();
  await page.getByLabel('依据').fill('粤工信融资函〔2026〕12 号');
  await checkPage(page, 'green channel');
  await page.getByRole('button', { name: '保存' }).click();
  await page.locator('.tag-good').getByText(/绿色通道 · 重点企业名单/).waitFor();
});

test('a round goes from its plan to what anybody can verify', async (t) => {
  const { page, go } = await signIn(t);
  await go('/rounds/new');
  await page.getByLabel('名称', { exact: true }).fill('知识产权质押专场');
  const day = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10).split('-');
  for (const [i, part] of day.entries()) await page.getByRole('group', { name: '报名截止日' }).getByRole('textbox').nth(i).fill(part);
  await page.getByRole('button', { name: '计划', exact: true }).click();
  await page.waitForURL(/\/rounds\/[0-9a-f-]{36}/);
  await settled(page);
  const round = { id: page.url().match(/[0-9a-f-]{36}/)[0] };
  const step = async (name, then) => {
    await page.getByRole('button', { name, exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name, exact: true }).click();
    await page.locator('.page-head .tag').getByText(then, { exact: true }).first().waitFor();
    await settled(page);
  };
  await step('开放报名', '报名中');
  await register(round, 2);
  await go(`/rounds/${round.id}?tab=needs`);
  await eventually(async () => assert.equal(await page.getByRole('rowheader', { name: /有限公司/ }).count(), 2, 'whose needs they are'));
  await step('封存名单', '已封存');
  // What goes on is said while it goes on.
  let letGo;
  const held = new Promise((resolve) => (letGo = resolve));
  await page.route('**/run', async (way) => {
    await held;
    await way.continue();
  });
  const ran = step('撮合', '已撮合待公布');
  await page.getByRole('dialog').getByRole('status').getByText('正在撮合 2 笔需求与 1 个席位').waitFor();
  await page.getByRole('dialog').getByRole('progressbar', { name: '撮合' }).waitFor();
  letGo();
  await ran;
  await page.getByRole('link', { name: /^结果/ }).click();
  await page.getByRole('row', { name: /第 1 志愿/ }).waitFor();
  await page.getByRole('row', { name: /未分配/ }).waitFor();
  await page.getByRole('link', { name: /^撮合矩阵/ }).click();
  assert.equal(await page.locator('.matrix-given').count(), 1);
  assert.match(await page.locator('.matrix-refused').textContent(), /席位已满/);
  await step('公布结果', '已公布');
  await page.getByRole('link', { name: '概况' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /导出文件/ }).click()]);
  const exported = JSON.parse(readFileSync(await download.path(), 'utf8'));
  assert.equal(exported.format, 'rongqiao-round/1');
  assert.equal(exported.round_id, round.id);
  await step('请各方 48 小时内确认', '确认中');
});

test('the dashboard goes to a file that spreadsheets read, and to paper', async (t) => {
  const { page, go } = await signIn(t);
  await go('/');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '导出 CSV' }).click()]);
  const bytes = readFileSync(await download.path());
  assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  const csv = bytes.toString('utf8');
  assert.match(csv, /广东省融资对接看板,截至.*\r\n/);
  // Each figure with its unit, and all reports.
  for (const head of ['金额（分）,用时中位数 （工作小时）,占比 （百万分之一）', '地区,发布,发布金额 （分）', '同意率 （百万分之一）', '时段,发布,发布金额 （分）,报方案,放款,放款金额 （分）,报方案用时中位数 （工作小时）'])
    assert.ok(csv.includes(head), `${head} in ${csv.slice(0, 2000)}`);
  const definition = page.locator('.definitions dd').getByText('期间内首次提交（离开草稿）的融资需求笔数').first();
  assert.equal(await definition.isVisible(), false);
  await page.emulateMedia({ media: 'print' });
  assert.equal(await definition.isVisible(), true, 'paper has the definitions');
  assert.equal(await page.locator('.definitions dl').evaluateAll((all) => all.every((one) => one.offsetHeight > 0)), true);
  assert.ok((await page.pdf({ format: 'A4' })).length > 10_000);
});

test('by keyboard alone: from the dashboard to a verified enterprise', async (t) => {
  const enterprise = await newcomer();
  const { page, go } = await signIn(t);
  await go('/');
  /** Tabs on until the focus is where `wanted` says, for at most so many steps. */
  const tabTo = async (wanted, steps = 80) => {
    for (let i = 0; i < steps; i++) {
      await page.keyboard.press('Tab');
      if (await page.evaluate((text) => {
        const at = document.activeElement;
        const name = at?.labels?.[0]?.textContent ?? at?.textContent ?? '';
        return name.trim().startsWith(text);
      }, wanted)) return;
    }
    assert.fail(`${wanted} is not reached`);
  };
  await page.evaluate(() => document.activeElement?.blur());
  await tabTo('核验');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/verification');
  await settled(page);
  // Whoever waits longest is first: the newcomer stands behind all others.
  const before = await page.locator('tbody tr').count();
  assert.equal(await page.locator('tbody tr').last().locator('a').first().textContent(), enterprise.name);
  for (let i = 0; i < before; i++) await page.keyboard.press('j');
  await eventually(async () => assert.equal(await page.evaluate(() => document.activeElement?.textContent), enterprise.name));
  await page.keyboard.press('o');
  await page.waitForURL(`**/enterprises/${enterprise.id}`);
  await settled(page);
  await tabTo('核验通过');
  await page.keyboard.press('Space');
  await tabTo('核验依据');
  await page.keyboard.type('与登记机关记录核对一致。');
  await tabTo('保存');
  await page.keyboard.press('Enter');
  await page.locator('.notice-good').getByText('核验结论已保存').waitFor();
});

test('whoever a case waits for is nudged, and the log keeps it', async (t) => {
  const { application_id: id } = await once(guaranteeCase);
  const application = await (await person('government')).get(`/v1/applications/${id}`);
  const { page, go } = await signIn(t);
  await go(`/needs/${application.need_id}`);
  await page.locator('.page-head').getByRole('button', { name: '催办' }).click();
  await page.getByLabel('催办内容').fill('请于本周内答复企业。');
  await checkPage(page, 'nudge');
  await page.getByRole('dialog').getByRole('button', { name: '催办' }).click();
  await page.getByText('已催办').waitFor();
  await go('/overdue');
  await page.getByRole('row', { name: /请于本周内答复企业/ }).first().waitFor();
  await checkPage(page, 'nudges');
});

for (const width of [1280, 390])
  test(`what is overdue stands by institution and by case, at ${width} px`, async (t) => {
    const made = await once(overdue);
    for (const language of ['zh', 'en']) {
      const { page, go } = await signIn(t, { width, language });
      await go('/overdue');
      await page.locator('.table-frame').nth(1).waitFor();
      await checkPage(page, `overdue-${width}-${language}`);
      await picture(page, `government-overdue-late-${language}-${width}`);
      const rows = page.locator('.table-frame').nth(1).locator('tbody tr');
      assert.ok((await rows.count()) >= 5);
      assert.equal(await rows.locator('.sla .tag-bad').count(), await rows.count(), 'each says for how long');
      const bank = page.locator('.table-frame').first().getByRole('link', { name: language === 'en' ? made.application.institution.name_en : made.application.institution.name_zh, exact: true });
      assert.equal(await bank.count(), 1, language);
    }
  });

test('a late case is nudged from its row, which the log then has; nobody is nudged who is nobody or was today', async (t) => {
  const { need } = await once(overdue);
  const waiting = await late('application', application(), 40);
  const { page, go } = await signIn(t);
  await go('/overdue');
  const row = page.locator('.table-frame').nth(1).locator('tbody tr', { has: page.locator(`a[href^="/applications/${waiting.id}"]`) });
  await row.getByText(/逾期/).waitFor();
  const nobodys = page.locator('tbody tr', { has: page.locator(`a[href^="/needs/${need.id}"]`) });
  await nobodys.getByText('等待平台').waitFor();
  assert.equal(await nobodys.getByRole('button').count(), 0, 'the operator is nobody to nudge');
  await row.getByRole('button', { name: '催办' }).click();
  await page.getByRole('dialog').getByText('等待金融机构').waitFor();
  await page.getByLabel('催办内容').fill(`请说明 ${waiting.id} 的进展。`);
  await page.getByRole('dialog').getByRole('button', { name: '催办' }).click();
  await page.getByRole('row', { name: new RegExp(`请说明 ${waiting.id} 的进展`) }).waitFor();
  await eventually(async () => assert.equal(await row.getByRole('button').count(), 0));
});

test('a figure\'s list that is asked for something else is no longer the figure\'s', async (t) => {
  const { application: { institution } } = await once(overdue);
  const { page, go } = await signIn(t);
  await go('/overdue');
  const row = page.locator('tbody tr', { has: page.locator(`a[href^="/institutions/${institution.id}"]`) });
  await row.locator('a').nth(1).click();
  await page.getByText('指标“逾期合计”的明细').waitFor();
  await page.getByText(new RegExp(`机构 ${institution.name_zh}.*等待金融机构`)).waitFor();
  await settled(page);
  for (const state of await page.locator('.table-frame').first().locator('.sla-owner').allTextContents()) assert.equal(state, '等待金融机构');
  await page.getByRole('button', { name: '清除筛选' }).click();
  await page.locator('.table-frame').nth(1).waitFor();
  assert.equal(await page.getByText('指标“逾期合计”的明细').count(), 0);
});

test('what is overdue goes by keyboard, and a region begins at its first page', async (t) => {
  const { application: first } = await once(overdue);
  const longest = await late('application', application(), 400);
  const { page, go } = await signIn(t);
  await go('/overdue');
  await page.locator('.table-frame').nth(1).waitFor();
  await page.keyboard.press('j');
  await eventually(async () => assert.match(await page.evaluate(() => document.activeElement?.getAttribute('href') ?? ''), new RegExp(longest.id)));
  await page.keyboard.press('o');
  await page.waitForURL(`**/applications/${longest.id}*`);
  // A page further on, then another region: from its beginning.
  const behind = await (await person('government')).get('/v1/statistics/overdue-cases?limit=1');
  await go(`/overdue?cursor=${behind.next}&page=2`);
  assert.equal(await page.locator(`a[href^="/applications/${longest.id}"]`).count(), 0);
  await page.getByLabel('地区').fill(first.region_code);
  await page.getByRole('option', { name: new RegExp(first.region_code) }).first().click();
  await page.locator(`a[href^="/applications/${longest.id}"]`).waitFor();
  assert.ok(!page.url().includes('cursor='));
});

test('the map shows counties, by city, each with its list', async (t) => {
  await once(strangersNeed);
  const { page, go } = await signIn(t);
  await go('/');
  await page.getByLabel('层级').selectOption('county');
  await page.locator('.tiles-group').first().waitFor();
  await settled(page);
  assert.ok((await page.locator('.tile').count()) > 100);
  assert.equal(await page.locator('.tiles-group').first().textContent(), '广州市');
  const tile = page.locator('.tile a', { hasText: /[1-9]/ }).first();
  const href = await tile.getAttribute('href');
  assert.doesNotMatch(new URL(href, 'https://portal').searchParams.get('region'), /00$/);
  assert.equal(await page.locator(`.chart-table a[href="${href}"]`).count(), 1);
  await checkPage(page, 'counties');
  await picture(page, 'government-dashboard-counties-zh-1280');
});

test('lists of enterprises read in English where English is asked for', async (t) => {
  const enterprise = await newcomer();
  const { page, go } = await signIn(t, { language: 'en' });
  await go(`/enterprises?uscc=${enterprise.uscc}`);
  const cells = page.locator('tbody tr').first().locator('td');
  await eventually(async () => {
    for (const i of [1, 2]) assert.match(await cells.nth(i).textContent(), /^[\x20-\x7e–’]+$/);
  });
  await go(`/enterprises/${enterprise.id}`);
  for (const name of ['region', 'industry'])
    await eventually(async () => assert.match(await page.getByRole('row', { name: new RegExp(`^${name}`, 'i') }).first().locator('td').first().textContent(), /^[\x20-\x7e–’]+$/));
});
