import { defineConfig } from '@playwright/test';

// Journeys run against the built companion in a real Chromium; one at a time, since each needs both cores.
export default defineConfig({
  testDir: 'e2e/journeys',
  outputDir: '.e2e/journeys',
  testMatch: '**/*.spec.ts',
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reportSlowTests: null,
});
