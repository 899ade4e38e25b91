import { defineConfig } from 'vitest/config'
import base from './vitest.config.js'

const { projects: _, ...pinned } = base.test ?? {}

/** `npm run test:quick`: what is over within a minute and needs no packed program; for the inner loop. */
export default defineConfig({
  ...base,
  test: {
    ...pinned,
    isolate: true,
    include: [
      'test/unit/**/*.test.ts',
      'test/golden/{config,renderers}/**/*.test.ts',
      'test/property/{price-updates,renderers,trust}.test.ts',
    ],
    // Forecasts of hundreds of generated months, and attacks on stores.
    exclude: ['test/unit/forecast-{kinds,months}.test.ts', 'test/unit/hostile-*.test.ts'],
  },
})
