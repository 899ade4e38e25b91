import { defineConfig } from 'vitest/config'

/** Every test runs under one pinned environment, so that output is the same on every machine. */
export default defineConfig({
  test: {
    include: ['test/{unit,golden,property,e2e}/**/*.test.ts'],
    env: { NO_COLOR: '1', COLUMNS: '100', TZ: 'UTC', LLMCOST_DB: '', LLMCOST_CONFIG: '' },
    globalSetup: ['test/setup.ts'],
    setupFiles: ['test/property/seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
})
