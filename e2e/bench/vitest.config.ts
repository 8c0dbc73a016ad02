import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// One file and one process at a time: figures taken beside each other are worth nothing.
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['e2e/bench/**/*.bench.ts'],
    testTimeout: 600_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    maxWorkers: 1,
    disableConsoleIntercept: true,
    reporters: ['default'],
  },
});
