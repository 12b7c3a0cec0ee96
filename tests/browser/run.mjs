// Runs the browser tests against one real server: node tests/browser/run.mjs [--build FOLDER] [NAME ...]
// A name picks files: `run.mjs screens` runs screens.test.mjs. With --serve it only serves, until Ctrl-C.
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
  options: { build: { type: 'string', default: join(root, 'build/dev') }, serve: { type: 'boolean' }, port: { type: 'string', default: '0' } },
});

const server = spawn(join(here, 'serve'), [values.build, values.port], { stdio: ['pipe', 'pipe', 'inherit'] });
const line = await Promise.race([
  once(createInterface({ input: server.stdout }), 'line').then(([text]) => text),
  once(server, 'exit').then(() => undefined),
]);
if (!line) {
  console.error('the server did not start');
  process.exit(1);
}
const stop = async () => {
  server.stdin.end();
  if (server.exitCode === null) await once(server, 'exit');
};

let code = 0;
if (values.serve) {
  console.log(line);
  await new Promise((resolve) => process.once('SIGINT', resolve));
} else {
  const screens = join(root, 'build/screens');
  mkdirSync(screens, { recursive: true });
  const files = readdirSync(here).filter((file) => file.endsWith('.test.mjs') && (!positionals.length || positionals.some((name) => file.startsWith(name))));
  const run = async (some, atOnce) => {
    if (!some.length) return 0;
    const tests = spawn(process.execPath, ['--test', `--test-concurrency=${atOnce}`, '--test-reporter=spec', ...some.map((file) => join(here, file))], {
      stdio: 'inherit',
      env: { ...process.env, RQ_PORTAL_SERVER: line, RQ_BUILD: values.build, RQ_SCREENS: screens },
    });
    return (await once(tests, 'exit'))[0] ?? 1;
  };
  // First those that count what the server does as a whole, each with the server to itself.
  const isAlone = (file) => ALONE.some((name) => file.startsWith(name));
  for (const file of files.filter(isAlone)) code = (await run([file], 1)) || code;
  code = (await run(files.filter((file) => !isAlone(file)), 2)) || code;
}
await stop();
process.exit(code);
