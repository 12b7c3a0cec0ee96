// Tells what the built portal weighs, brotli, and fails above its budgets: node scripts/size.mjs FOLDER
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const KB = 1024;
const ALL = 120 * KB;
const FIRST_SCREEN = 60 * KB;

const folder = process.argv[2];
const manifest = JSON.parse(readFileSync(join(folder, '.vite/manifest.json'), 'utf8'));
const files = readdirSync(join(folder, 'assets')).map((file) => `assets/${file}`);
/** As it travels: what compress.mjs put beside it, or itself when that is not smaller. */
const weight = (file) => (statSync(join(folder, `${file}.br`), { throwIfNoEntry: false }) ?? statSync(join(folder, file))).size;
const sum = (some) => some.reduce((bytes, file) => bytes + weight(file), 0);
const ending = (pattern) => files.filter((file) => pattern.test(file));

/** The scripts that must be there before the chunk runs. */
function closure(key, found = new Set()) {
  const chunk = manifest[key];
  if (found.has(chunk.file)) return found;
  found.add(chunk.file);
  for (const name of chunk.imports ?? []) closure(name, found);
  return found;
}
const styles = ending(/\.css$/);
const first = [...styles, ...closure('index.html')]; // the home page is in it: vite.config.ts
const firstWords = ending(/\/(common|enterprise)\.zh-[^/]*\.json$/);
if (firstWords.length !== 2) throw new Error('the words of the first screen have other names now');

const say = (what, bytes, budget) =>
  console.log(`${what}: ${(bytes / KB).toFixed(1)} KB${budget ? ` of at most ${budget / KB} KB` : ''}`);
const all = sum(ending(/\.(js|css)$/));
say('All scripts and styles', all, ALL);
say("The enterprise's first screen, scripts and styles", sum(first), FIRST_SCREEN);
say('  with its words', sum([...first, ...firstWords]));
say('All words, Chinese', sum(ending(/\.zh-[^/]*\.json$/)));
say('All words, English', sum(ending(/\.en-[^/]*\.json$/)));
for (const file of ending(/\.(js|css)$/)) say(`  ${file}`, weight(file));
process.exitCode = all > ALL || sum(first) > FIRST_SCREEN ? 1 : 0;
