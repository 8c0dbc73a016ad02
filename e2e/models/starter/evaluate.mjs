/** Owns the command `npm run eval:starter [-- --items N --model FILE --no-wasm --no-journeys --store]`. */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
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
const isTalking = values.model === SHIPPED && !values['no-journeys'];
// The sample and the talks at the end are asked of the tab: not after a quarter of an hour should a browser be missing.
if (!(await prepare(path('../../../'), { needsChromium: !values['no-wasm'] || isTalking }))) process.exit(1);
await mkdir(path('../../../.e2e/starter'), { recursive: true });
// Not before the packages are there.
const { runnerImport } = await import('vite');
const { module } = await runnerImport(path('scoring/evaluate.ts'), { configFile: false });
await module.evaluate({
  model: values.model,
  most: Number(values.items),
  wasm: !values['no-wasm'],
  store: values.store,
});
// The first talk in Chromium with twenty names, for the model in the build: it prints its seed.
process.exit(isTalking ? talkInChromium() : 0);

function talkInChromium() {
  const root = path('../../../');
  const env = { ...process.env, STARTER_NAMES: '20', STARTER_SEED: String(randomInt(1_000_000_000)) };
  const args = ['node_modules/@playwright/test/cli.js', 'test', 'starter'];
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', env }).status ?? 1;
}
