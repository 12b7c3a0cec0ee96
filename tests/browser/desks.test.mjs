// Desks: queues that the server orders by deadline and that go on, page by page; a case's history on the pages of its
// parties; notifications that say which case they mean.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approvedGuarantee, application, freshNeed, once, person } from './support/cases.mjs';
import { checkPage, eventually, settled, useBrowser, window } from './support/portal.mjs';

useBrowser();

/** More than a page of what waits for the bank. */
async function fullDesk() {
  const bank = await person('bank');
  for (let i = 0; i < 22; i++) await bank.post('/v1/applications', { need_id: (await freshNeed()).id });
}
/** Where the rows of a table lead. */
const links = (page) => page.locator('tbody tr').evaluateAll((rows) => rows.map((row) => new URL(row.querySelector('a').href).pathname));

/** The rows of the page and of its next are those of the list by deadline, in its order. */
async function goesOn(page, reader, path, list, moreThan) {
  const asked = async (cursor = '') => (await person(reader)).get(`/v1/${path}${path.includes('?') ? '&' : '?'}order=deadline&limit=20${cursor && `&cursor=${cursor}`}`);
  const first = await asked();
  assert.ok(first.next, 'there is more than one page');
  const paths = (found) => found.items.map((item) => `/${list}/${item.id}`);
  assert.deepEqual(await links(page), paths(first));
  const due = first.items.map((item) => Date.parse(item.deadline_at ?? '9999-12-31'));
  assert.deepEqual(due, [...due].sort((a, b) => a - b));
  await page.getByRole('button', { name: '下一页' }).click();
  await settled(page);
  const second = await asked(first.next);
  await eventually(async () => assert.deepEqual(await links(page), paths(second)));
  assert.ok(first.items.length + second.items.length > moreThan);
}

test('the workbench comes by deadline and goes on; its counts are of everything', async (t) => {
  await once(fullDesk);
  const { page, go } = await window(t, { as: 'bank' });
  await go('/');
  const desk = await (await person('bank')).get('/v1/statistics/desk');
  assert.ok(desk.mine > 20);
  await eventually(async () => assert.match((await page.locator('#main').innerText()).replace(/\s+/g, ' '), new RegExp(`待本行办理 ?${desk.mine}`)));
  await goesOn(page, 'bank', 'applications?waits_for=institution', 'applications', 20);
  await checkPage(page, 'workbench, second page');
  await go('/?view=waiting');
  const waiting = await (await person('bank')).get('/v1/applications?waits_for=enterprise&order=deadline&limit=20');
  await eventually(async () => assert.equal(await page.locator('tbody tr').count(), waiting.items.length));
});

test("the guarantor's queue has what is under review, what is due first on top", async (t) => {
  await once(approvedGuarantee);
  const { page, go } = await window(t, { as: 'guarantee' });
  await go('/');
  const asked = await (await person('guarantee')).get('/v1/guarantee-cases?stage=review&order=deadline&limit=20');
  assert.ok(asked.items.length > 0);
  assert.deepEqual(await links(page), asked.items.map((item) => `/guarantee-cases/${item.id}`));
});

test('each party reads the moves of a case: who, when, from where to where, and why', async (t) => {
  const applied = await application();
  const bank = await person('bank');
  await bank.move('applications', applied, 'request_papers', { reason_code: 'R15', reason_text: '请补充最近十二个月的银行流水。' });
  for (const as of ['enterprise', 'bank', 'government']) {
    const { page, go } = await window(t, { as });
    await go(`/applications/${applied.id}`);
    const moved = page.locator('.timeline').getByRole('listitem').filter({ hasText: '已受理 → 补件' });
    await moved.waitFor();
    const text = await moved.innerText();
    assert.match(text, /银行/, 'who: the institution');
    assert.match(text, /机构经办/, 'who: the role');
    assert.match(text, /\d{4}-\d\d-\d\d/, 'when');
    assert.match(text, /请补充最近十二个月的银行流水/, 'why');
    assert.equal(await page.locator('.timeline-pending').count(), 1, 'what is waited for stands on top');
    await checkPage(page, `${as}: history of an application`);
  }
  const english = await window(t, { as: 'bank' });
  await english.go(`/applications/${applied.id}?l=en`);
  await english.page.locator('.timeline').getByText('received → papers wanted').waitFor();
});

test("a guarantee case's history is there for the guarantor and the enterprise", async (t) => {
  const found = await once(approvedGuarantee);
  for (const as of ['guarantee', 'enterprise']) {
    const { page, go } = await window(t, { as });
    await go(`/guarantee-cases/${found.id}`);
    await page.locator('.timeline').getByText('待审批 → 已同意').waitFor();
  }
});

test('a notification about an application or an offer names the number of the need', async (t) => {
  const applied = await application();
  const need = await (await person('enterprise')).get(`/v1/needs/${applied.need_id}`);
  const { page, go } = await window(t, { as: 'bank' });
  await go('/');
  await page.getByRole('button', { name: /消息/ }).click();
  await eventually(async () => assert.match(await page.getByRole('banner').innerText(), new RegExp(`申请 ${need.request_no}`)));
});

test('a line of an import that is refused says why, at its field, in the page\'s language', async (t) => {
  const taken = (await (await person('operator')).get('/v1/enterprises?verification=verified&limit=1')).items[0].uscc; // others' codes may be doubtful
  const csv = `uscc,name,region_code,industry_code\n${taken},重复登记企业,440103,8492\n`;
  for (const [language, text] of [['zh', 'uscc: 该统一社会信用代码已登记'], ['en', 'uscc: The unified social credit code is registered already']]) {
    const { page, go } = await window(t, { as: 'operator', language });
    await go('/enterprises/import');
    await page.locator('input[type=file]').setInputFiles({ name: 'one.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
    await page.getByText(text).waitFor();
    await checkPage(page, `import refused, ${language}`);
  }
});

test('the funnel says what each share is of, and none is more than the whole', async (t) => {
  await once(approvedGuarantee);
  const { page, go } = await window(t, { as: 'government' });
  await go('/');
  const row = page.locator('.funnel').getByRole('row', { name: /担保同意/ });
  await row.getByText(/占申请担保 \d+%/).waitFor();
  const shares = (await page.locator('.funnel').innerText()).match(/\d+(?=%)/g).map(Number);
  assert.equal(shares.length, 4);
  assert.ok(shares.every((share) => share <= 100), shares.join());
});

test('a product has its English name on the English page', async (t) => {
  const applied = await application();
  const [bank, english] = [await person('bank'), await window(t, { as: 'bank', language: 'en' })];
  const { product_en: name } = await bank.get(`/v1/applications/${applied.id}`);
  assert.ok(name, 'the demo names its products in English');
  await english.go('/applications');
  await english.page.getByRole('cell', { name }).first().waitFor();
});
