import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{shared,web,companion,e2e}/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: more workers only make the native and socket tests fight for them.
    maxWorkers: 2,
  },
});
