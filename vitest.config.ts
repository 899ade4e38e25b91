import { devNull } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Tests that run the installed program; the others need not wait until it is packed. */
const packed = ['test/e2e/**/*.test.ts', 'test/attack/**/*.test.ts', 'test/golden/cli/**/*.test.ts']

/** Every test runs under one pinned environment, so that output is the same on every machine. */
export default defineConfig({
  test: {
    env: {
      NO_COLOR: '1',
      COLUMNS: '100',
      TZ: 'UTC',
      LLMCOST_DB: '',
      LLMCOST_CONFIG: '',
      LLMCOST_PRICE_UPDATES: devNull,
    },
    setupFiles: ['test/property/seed.ts'],
    // Properties ask a database hundreds of times: a busy machine needs minutes for some.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'source',
          include: ['test/{unit,golden,property}/**/*.test.ts'],
          exclude: ['test/golden/cli/**'],
        },
      },
      { extends: true, test: { name: 'packed', include: packed, globalSetup: ['test/setup.ts'] } },
    ],
  },
})
