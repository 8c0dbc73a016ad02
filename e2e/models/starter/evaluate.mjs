/** Owns the command `npm run eval:starter [-- --items N --model FILE --no-wasm --store]`. */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const { values } = parseArgs({
  options: {
    items: { type: 'string', default: '300' },
    model: { type: 'string', default: path('../../../public/models/starter.gguf') },
    'no-wasm': { type: 'boolean', default: false },
    store: { type: 'boolean', default: false },
  },
});
await mkdir(path('../../../.e2e/starter'), { recursive: true });
const { module } = await runnerImport(path('scoring/evaluate.ts'), { configFile: false });
await module.evaluate({
  model: values.model,
  most: Number(values.items),
  wasm: !values['no-wasm'],
  store: values.store,
});
process.exit(0);
