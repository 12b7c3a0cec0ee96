// What must hold of the sources and of what is built of them; no browser is needed.
import assert from 'node:assert/strict';
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

test('Chinese and English words are only in the dictionaries', () => {
  for (const file of sources.filter((f) => !/^words\/|^lib\/(format|vocabulary)\.ts$|^api\/(problem|schema)/.test(f))) {
    const code = read(file).replace(/<!--[\s\S]*?-->|\/\*[\s\S]*?\*\/|^\s*\/\/.*$|\s\/\/ .*$/gm, '');
    assert.doesNotMatch(code.replace(/[：（）、，]/g, ''), /[\u4e00-\u9fff]/, file);
  }
});

const manifest = JSON.parse(readFileSync(join(built, '.vite/manifest.json'), 'utf8'));
const brotli = (file) => readFileSync(existing(join(built, file))).length;
function existing(file) {
  try {
    readFileSync(`${file}.br`);
    return `${file}.br`;
  } catch {
    return file;
  }
}
/** The files that a chunk needs before it runs. */
function closure(key, found = new Set()) {
  const chunk = manifest[key];
  if (found.has(chunk.file)) return found;
  found.add(chunk.file);
  for (const css of chunk.css ?? []) found.add(css);
  for (const name of chunk.imports ?? []) closure(name, found);
  return found;
}
const KB = 1024;
const sum = (files) => [...files].reduce((bytes, file) => bytes + brotli(file), 0);

test('all scripts and styles are at most 120 KB, brotli', (t) => {
  const files = readdirSync(join(built, 'assets')).filter((f) => /\.(js|css)$/.test(f)).map((f) => `assets/${f}`);
  t.diagnostic(`${(sum(files) / KB).toFixed(1)} KB`);
  assert.ok(sum(files) <= 120 * KB, `${sum(files)} bytes`);
});

test("the enterprise's first screen takes at most 60 KB, brotli", (t) => {
  const files = closure('index.html');
  closure('src/roles/enterprise/Home.vue', files);
  for (const css of Object.values(manifest).filter((chunk) => chunk.file.endsWith('.css'))) files.add(css.file);
  t.diagnostic(`${(sum(files) / KB).toFixed(1)} KB`);
  assert.ok(sum(files) <= 60 * KB, `${sum(files)} bytes`);
});
