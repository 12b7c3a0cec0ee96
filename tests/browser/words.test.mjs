// What the server tells by a code has words in both languages: the trail's kinds, actions and states, what was looked at,
// what the jobs count. The codes are read where they are made, from migrations/ and server/sql/, or asked of the server.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { person } from './support/cases.mjs';
import { LANGUAGES, eventually, useBrowser, window } from './support/portal.mjs';

useBrowser();

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (...path) => readFileSync(join(root, ...path), 'utf8');
const dictionary = (name, language) => JSON.parse(read('server/portal/src/words', `${name}.${language}.json`));
const sql = ['migrations', 'server/sql'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true }).filter((file) => file.endsWith('.sql')).map((file) => read(folder, file)));
/** The rows of a table of migrations/data whose wanted columns come before any quoted one. */
const rows = (table) => read('migrations/data', `${table}.csv`).trim().split('\n').slice(1).map((line) => line.split(','));
/** What a column's check allows. */
function allowed(table, column) {
  const found = sql.flatMap((text) => [...text.matchAll(new RegExp(`create table ${table} \\(.*?\\n\\);`, 'gs'))].map(([made]) => made));
  assert.equal(found.length, 1, `${table} is made once`);
  const [, list] = new RegExp(`\\b${column}\\b[^\\n]*?\\s*check \\(${column} in \\(([^)]*)\\)\\)`).exec(found[0]);
  return [...list.matchAll(/'(\w+)'/g)].map(([, value]) => value);
}

/** Every {kind, action, states} that is written to the trail. */
function acts() {
  const found = rows('transition').map(([kind, from, action, to]) => ({ kind, action, states: [from, to].filter((state) => state !== '-') }));
  const valuesOf = {
    subject_kind: allowed('nudge', 'subject_kind'),
    verification: allowed('enterprise', 'verification'),
    status: allowed('institution', 'status'),
  };
  const literal = (text) => /^'(\w+)'$/.exec(text)?.[1];
  const column = (text) => /^\w+\.(\w+)$/.exec(text)?.[1];
  /** What a kind's `state` may be: its life, or what its table allows. */
  const lifeOf = (kind) => {
    const life = rows('case_state').filter(([of]) => of === kind).map(([, state]) => state);
    return life.length ? life : allowed(kind, 'state');
  };
  let calls = 0;
  for (const text of sql)
    for (const [, given] of text.matchAll(/(?<!function )\bapp\.audit\(((?:[^()]|\([^()]*\))*)\)/g)) {
      const [, kind, , action, ...states] = given.split(',').slice(0, 6).map((part) => part.trim());
      calls++;
      if (kind === 'v_kind') continue; // the guard of the lives of cases, each time it was written: transition.csv
      const kinds = literal(kind) ? [literal(kind)] : valuesOf[column(kind)];
      assert.ok(kinds && literal(action), `what is written by app.audit(${given})`);
      for (const one of kinds)
        found.push({
          kind: one,
          action: literal(action),
          states: states.filter((state) => state !== 'null').flatMap((state) => {
            const values = literal(state) ? [literal(state)] : /state$/.test(column(state) ?? '') ? lifeOf(one) : valuesOf[column(state)];
            assert.ok(values, `the states written by app.audit(${given})`);
            return values;
          }),
        });
    }
  const written = sql.join('').match(/(?<!function )\bapp\.audit\((?!text)/g).length;
  assert.equal(calls, written, 'every call was understood');
  return found;
}

for (const language of LANGUAGES)
  test(`whatever the trail may hold has words: ${language}`, () => {
    const { kinds } = dictionary('common', language);
    const moves = dictionary('moves', language);
    const words = dictionary('government', language);
    const lives = new Set(rows('case_state').map(([kind, state]) => `${kind} ${state}`)); // their names come from the API
    const lacking = new Set();
    for (const { kind, action, states } of acts()) {
      if (!kinds[kind]) lacking.add(`kind ${kind}`);
      if (!moves[kind]?.[action] && !words.acts[action]) lacking.add(`action ${kind} ${action}`);
      for (const state of states) if (!lives.has(`${kind} ${state}`) && !words.states[kind]?.[state]) lacking.add(`state ${kind} ${state}`);
    }
    assert.deepEqual([...lacking], []);
  });

for (const language of LANGUAGES)
  test(`whatever may be looked at has words: ${language}`, () => {
    for (const what of allowed('enterprise_view', 'what'))
      for (const name of ['government', 'enterprise_cases']) assert.ok(dictionary(name, language).whats[what], `${name}: ${what}`);
  });

test('whatever the jobs count has words in both languages', async () => {
  const operator = await person('operator');
  const { items } = await operator.get('/v1/jobs');
  const counted = new Set(items.flatMap((job) => [...Object.keys(job.last_result ?? {}), ...Object.keys(job.moved ?? {})]));
  // Those of jobs that did not run yet: what note_job() is given as it stands.
  for (const text of sql)
    for (const [, given] of text.matchAll(/note_job\([^;]*?(\{"[^']*\}|jsonb_build_object\([^;]*?\))\)/g))
      for (const [, key] of given.matchAll(/["'](\w+)["'](?::|,)/g)) counted.add(key);
  for (const key of ['offers_expired', 'rounds_met', 'weights_published', 'months_made', 'records_published', 'enterprises_told', 'rows_sealed'])
    assert.ok(counted.has(key), `${key} of every job is known here`);
  for (const language of LANGUAGES) {
    const { moved } = dictionary('operator', language);
    assert.deepEqual([...counted].filter((key) => !moved[key]), [], language);
  }
});

/** No text of these cells is a code as the server writes it. */
async function noCodes(page, columns) {
  const texts = await page.locator('tbody tr').evaluateAll(
    (all, wanted) => all.flatMap((row) => wanted.map((i) => row.children[i].textContent.trim())), columns);
  assert.ok(texts.length > 0);
  assert.deepEqual(texts.filter((text) => /[a-z]_?[a-z]/.test(text)), []);
}

test('the trail and the jobs are read in Chinese without a code', async (t) => {
  const auditor = await window(t, { as: 'auditor' });
  await auditor.go('/audit?tab=trail');
  await eventually(() => noCodes(auditor.page, [1, 2, 3, 4, 5]));
  const operator = await window(t, { as: 'operator' });
  await operator.go('/');
  await eventually(() => noCodes(operator.page, [4]));
});
