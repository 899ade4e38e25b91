import { defineConfig, mergeConfig } from 'vitest/config'
import base from './vitest.config.js'

/** Tests with real counterparts: shells, browser, mail server, Prometheus. `.ci/run` installs them. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  defineConfig({ test: { include: ['test/system/**/*.test.ts'], fileParallelism: false } }),
)
