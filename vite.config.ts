import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** What the bundler only warns of has cost six megabytes once: a module that was to come later, and came at once. */
const strict = {
  onwarn: ({ message }: { readonly message: string }): never => {
    throw new Error(message);
  },
};
const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

// Two builds in one command (`vite build --app`): the page with its workers, and the companion for Node.
export default defineConfig({
  root: path('web'),
  publicDir: path('public'),
  base: '/',
  worker: {
    format: 'es',
    rollupOptions: { ...strict, output: { entryFileNames: 'assets/[name]-[hash].js' } },
  },
  builder: {},
  environments: {
    client: {
      build: {
        outDir: path('dist/web'),
        emptyOutDir: true,
        target: 'esnext',
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        rollupOptions: strict,
      },
    },
    companion: {
      consumer: 'server',
      build: {
        outDir: path('dist/companion'),
        emptyOutDir: true,
        target: 'node20',
        ssr: true,
        copyPublicDir: false,
        rollupOptions: {
          input: { main: path('companion/main.ts'), 'llama-child': path('companion/llama/child.ts') },
          output: { entryFileNames: '[name].js' },
        },
      },
    },
  },
});
