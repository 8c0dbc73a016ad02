/** Owns writing `public/models/plumbing.gguf`: run by hand after a change of its generator (`npm run make:plumbing-model`). */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

const { module } = await runnerImport(path('plumbing-model.ts'), { configFile: false });
const bytes = module.plumbingModel();
const target = path('../../public/models/plumbing.gguf');
await writeFile(target, bytes);
console.log(`${target}: ${bytes.length} bytes`);
