// What must hold of the sources and of what is built of them; no browser is needed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const portal = fileURLToPath(new URL('../../server/portal/', import.meta.url));
const built = join(process.env.RQ_BUILD, 'portal');
const sources = readdirSync(join(portal, 'src'), { recursive: true }).filter((file) => /\.(vue|ts)$/.test(file));
const read = (file) => readFileSync(join(portal, 'src', file), 'utf8');

test('no template has a style of its own or raw HTML', () => {
  for (const file of sources.filter((f) => f.endsWith('.vue'))) {
    const template = read(file).split('<style')[0];
    assert.doesNotMatch(template, /\sstyle="|\s:style="\{[^}]*'[^']*'\s*\}|v-html|innerHTML/, file);
  }
});

test('Chinese and English words and full-width punctuation are only in the dictionaries', () => {
  for (const file of sources.filter((f) => !/^words\/|^lib\/(format|vocabulary)\.ts$|^api\/schema/.test(f))) {
    const code = read(file).replace(/<!--[\s\S]*?-->|\/\*[\s\S]*?\*\/|^\s*\/\/.*$|\s\/\/ .*$/gm, '');
    assert.doesNotMatch(code.replace('[,，', '['), /[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]/, file); // but for what a number is typed with
  }
});

test('scripts and styles are within their budgets, in all and on the first screen', (t) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(portal, 'scripts/size.mjs'), built], { encoding: 'utf8' });
  t.diagnostic(stdout);
  assert.equal(status, 0, stdout + stderr);
});
