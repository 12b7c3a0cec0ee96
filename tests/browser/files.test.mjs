// Lists as files: every list that offers one gives what is on screen, so that spreadsheets read it and run none of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { application, guaranteeCase, once, person } from './support/cases.mjs';
import { applicant, doubtfulCode } from './support/government_cases.mjs';
import { sql, useBrowser, window } from './support/portal.mjs';

useBrowser();

async function csv(page) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '导出 CSV' }).click()]);
  const bytes = readFileSync(await download.path());
  assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf], 'the mark of UTF-8');
  return { name: download.suggestedFilename(), lines: bytes.subarray(3).toString('utf8').trimEnd().split('\r\n') };
}

const LISTS = {
  enterprise: ['/needs', '/applications', '/guarantee-cases'],
  bank: ['/needs', '/applications', '/offers', '/products'],
  guarantee: ['/?state=applied', '/in-force', '/products'],
  government: ['/needs', '/applications', '/offers', '/guarantee-cases', '/enterprises', '/audit', '/audit?tab=trail'],
  operator: ['/institutions', '/users', '/products', '/needs'],
};
for (const [as, paths] of Object.entries(LISTS))
  test(`${as}: each list is a file of its own rows`, async (t) => {
    await once(guaranteeCase);
    await once(application);
    const { page, go } = await window(t, { as });
    for (const path of paths) {
      await go(path);
      const { name, lines } = await csv(page);
      assert.match(name, /^[a-z-]+-\d{4}-\d\d-\d\d\.csv$/, path);
      const rows = await page.locator('tbody tr').count();
      const isPaged = async () => (await page.getByRole('button', { name: '下一页' }).count()) > 0;
      if (await isPaged()) assert.ok(lines.length - 1 > rows, `${path}: all pages`);
      else assert.ok(lines.length - 1 >= rows, `${path}: no fewer lines than rows`);
      await go(path); // others add rows meanwhile
      if (!(await isPaged())) assert.ok(lines.length - 1 <= (await page.locator('tbody tr').count()), `${path}: no more lines than rows`);
    }
  });

test('the file has the filters of the page; a name that looks like a formula runs nothing', async (t) => {
  const login = await applicant();
  const name = `=1+1广州公式${Date.now() % 1_000_000}有限公司`;
  const { uscc } = await (await person(login)).post('/v1/enterprises', { uscc: doubtfulCode(), uscc_confirmed: true, name, region_code: '440103', industry_code: '8492' });
  const { page, go } = await window(t, { as: 'government' });
  await go(`/enterprises?uscc=${uscc}`);
  const { lines } = await csv(page);
  assert.equal(lines.length, 2);
  assert.ok(lines[1].split(',').includes(`'${name}`), lines[1]);
});

test('a list that is longer than one sheet of the server is one file, and its button tells how far it is', async (t) => {
  const MORE = 10_050; // a sheet ends at 10,000 rows
  const owner = await person(await applicant());
  const { id } = await owner.post('/v1/enterprises', {
    uscc: doubtfulCode(), uscc_confirmed: true, name: `广州多看${Date.now() % 1_000_000}有限公司`, region_code: '440103', industry_code: '8492',
  });
  sql(`insert into enterprise_view (province, enterprise_id, what, subject_id, viewer_id, viewer_name, side, region_code, day)
    select e.province, e.id, 'need', gen_random_uuid(), u.id, u.name, 'authority', e.region_code, current_date
    from enterprise e, app_user u, generate_series(1, ${MORE}) where e.id = '${id}' and u.login = 'authority-gd'`);
  const { page, go } = await window(t, { as: 'government' });
  await go(`/audit?enterprise_id=${id}`);
  const sheets = [];
  await page.route('**/v1/views?*', async (route) => {
    if (route.request().headers().accept !== 'text/csv') return route.fallback();
    if (sheets.length) await page.getByRole('button', { name: '已读取 10,000 行' }).waitFor(); // while the next is read
    sheets.push(new URL(route.request().url()).searchParams.get('cursor'));
    return route.fallback();
  });
  const { lines } = await csv(page);
  assert.equal(sheets.length, 2);
  assert.equal(lines.length, MORE + 1, 'each row once, and one heading');
  assert.equal(lines.filter((line) => line === lines[0]).length, 1);
  assert.equal(new Set(lines).size, lines.length);
  assert.ok(!lines.slice(1).some((line) => line.includes('\ufeff')), 'one mark of UTF-8');
  await page.getByRole('button', { name: '导出 CSV' }).waitFor();
});
