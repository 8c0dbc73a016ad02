/** Owns a build of the llama child for tests, which run from sources while the child is a program of its own. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

export interface BuiltChild {
  readonly entry: string;
  remove(): Promise<void>;
}

/** Inside the project, so that the child finds its packages; half a second. */
export async function buildLlamaChild(): Promise<BuiltChild> {
  const cache = fileURLToPath(new URL('../../.e2e/', import.meta.url));
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'llama-child-'));
  await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: {
      ssr: fileURLToPath(new URL('../../companion/llama/child.ts', import.meta.url)),
      outDir: folder,
      target: 'node20',
      minify: false,
      rollupOptions: { output: { entryFileNames: 'llama-child.js' } },
    },
  });
  return {
    entry: join(folder, 'llama-child.js'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
