/** Owns the command `npm run eval:starter [-- --items N --model FILE --no-wasm --no-journeys --store]`. */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';
import { prepare } from '../../run/prepare.mjs';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const SHIPPED = path('../../../public/models/starter.gguf');
const { values } = parseArgs({
  options: {
    items: { type: 'string', default: '300' },
    model: { type: 'string', default: SHIPPED },
    'no-journeys': { type: 'boolean', default: false },
    'no-wasm': { type: 'boolean', default: false },
    store: { type: 'boolean', default: false },
  },
});
// The sample and the talks at the end are asked of the tab: not after a quarter of an hour should a browser be missing.
if (!(await prepare(path('../../../'), { needsChromium: !values['no-wasm'] || !values['no-journeys'] })))
  process.exit(1);
await mkdir(path('../../../.e2e/starter'), { recursive: true });
const { module } = await runnerImport(path('scoring/evaluate.ts'), { configFile: false });
await module.evaluate({
  model: values.model,
  most: Number(values.items),
  wasm: !values['no-wasm'],
  store: values.store,
});
// The first talk in Chromium with twenty names, for the model in the build: it prints its seed.
const isShipped = values.model === SHIPPED;
const journeys = isShipped && !values['no-journeys'] ? talkInChromium() : 0;
process.exit(journeys);

function talkInChromium() {
  const root = path('../../../');
  const env = { ...process.env, STARTER_NAMES: '20', STARTER_SEED: String(randomInt(1_000_000_000)) };
  for (const args of [
    ['node_modules/vite/bin/vite.js', 'build', '--app', '--logLevel', 'warn'],
    ['node_modules/@playwright/test/cli.js', 'test', 'starter'],
  ]) {
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env });
    if (status !== 0) return 1;
  }
  return 0;
}
