import { defineConfig } from 'vitest/config'
import base from './vitest.config.js'

const { projects: _, ...pinned } = base.test ?? {}

/** Tests with real counterparts: shells, browser, mail server, Prometheus. `.ci/run` installs them. */
export default defineConfig({
  ...base,
  test: {
    ...pinned,
    isolate: true,
    globalSetup: ['test/setup.ts'],
    include: ['test/system/**/*.test.ts'],
    fileParallelism: false,
    // Beside the long tests a real server may answer late: what failed is tried once more, and the report says so.
    retry: process.env['CI'] === undefined ? 0 : 1,
  },
})
