// Runs the browser tests against one real server: node tests/browser/run.mjs [--build FOLDER] [--again] [NAME ...]
// A name picks files: `run.mjs screens` runs screens.test.mjs. With --again a file that fails is played once more, with
// a new server to itself. With --serve it only serves, until Ctrl-C.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const ALONE = ['figures.', 'live.'];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { build: { type: 'string', default: join(root, 'build/dev') }, serve: { type: 'boolean' }, again: { type: 'boolean' }, port: { type: 'string', default: '0' } },
});

let server;
let line; // what it says of itself
async function start() {
  server = spawn(join(here, 'serve'), [values.build, values.port], { stdio: ['pipe', 'pipe', 'inherit'] });
  line = await Promise.race([
    once(createInterface({ input: server.stdout }), 'line').then(([text]) => text),
    once(server, 'exit').then(() => undefined),
  ]);
  if (line) return;
  console.error('the server did not start');
  process.exit(1);
}
async function stop() {
  server.stdin.end();
  if (server.exitCode === null) await once(server, 'exit');
}

await start();
let code = 0;
if (values.serve) {
  console.log(line);
  await new Promise((resolve) => process.once('SIGINT', resolve));
} else {
  const screens = join(root, 'build/screens');
  mkdirSync(screens, { recursive: true });
  const files = readdirSync(here).filter((file) => file.endsWith('.test.mjs') && (!positionals.length || positionals.some((name) => file.startsWith(name))));
  const failed = [];
  const play = async (file) => {
    const env = { ...process.env, RQ_PORTAL_SERVER: line, RQ_BUILD: values.build, RQ_SCREENS: screens };
    const test = spawn(process.execPath, ['--test', '--test-reporter=spec', join(here, file)], { stdio: ['ignore', 'pipe', 'inherit'], env });
    let told = '';
    test.stdout.setEncoding('utf8').on('data', (text) => (told += text));
    const [status] = await once(test, 'close');
    process.stdout.write(`${file}\n${told}`);
    if (status !== 0) failed.push(file);
  };
  const playAll = async (some, atOnce) => {
    const left = [...some];
    const next = async () => {
      for (let file; (file = left.shift()); ) await play(file);
    };
    await Promise.all(Array.from({ length: atOnce }, next));
  };
  // First those that count what the server does as a whole, each with the server to itself.
  const isAlone = (file) => ALONE.some((name) => file.startsWith(name));
  await playAll(files.filter(isAlone), 1);
  await playAll(files.filter((file) => !isAlone(file)), 2);
  if (values.again && failed.length) {
    // Beside others a page may miss its seconds. What fails alone, too, fails; what does not is named all the same. Each
    // finds the world as it was: what it did there before is not done.
    const first = failed.splice(0);
    console.log(`failed beside others, played again alone: ${first.join(' ')}`);
    for (const file of first) {
      await stop();
      await start();
      await play(file);
    }
  }
  if (failed.length) console.log(`failed: ${failed.join(' ')}`);
  code = failed.length ? 1 : 0;
}
await stop();
process.exit(code);
