/** Owns building the programs of the starter mind, which share code with the page, for plain node. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const root = path('../../../');

export const OUTPUT_FOLDER = path('../../../.e2e/starter/programs/');

/** `programs`: name → source file beside this one. */
export async function buildPrograms(programs) {
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: {
      ssr: true,
      outDir: OUTPUT_FOLDER,
      emptyOutDir: false,
      target: 'node20',
      minify: false,
      rollupOptions: {
        input: Object.fromEntries(Object.entries(programs).map(([name, source]) => [name, path(source)])),
        output: { entryFileNames: '[name].js' },
      },
    },
  });
}
