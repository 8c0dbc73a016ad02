#!/usr/bin/env node
/** Owns the command `npm run smoke [-- --model FILE|FOLDER --lane gguf|companion|mlc --airc … --say TEXT --software-gpu]`. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepare } from '../run/prepare.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    lane: { type: 'string' },
    airc: { type: 'string', default: 'embedded' },
    say: { type: 'string', default: "Hi, I'm Robin. Who are you?" },
    'software-gpu': { type: 'boolean', default: false },
  },
});
if (!(await prepare(ROOT, { needsChromium: true }))) process.exit(1);
const { runnerImport } = await import('vite');
const { module } = await runnerImport(join(ROOT, 'e2e', 'smoke', 'smoke.ts'), {
  configFile: false,
  root: ROOT,
});
const { model, lane, airc, say } = values;
try {
  process.exit(await module.smoke({ model, lane, airc, say, softwareGpu: values['software-gpu'] }));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
