import { availableParallelism, devNull } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Tests that run the installed program; the others need not wait until it is packed. */
const packed = ['test/e2e/**/*.test.ts', 'test/attack/**/*.test.ts', 'test/golden/cli/**/*.test.ts']

/** Those that take longest, or wait most, first. */
const long = ['attack/kills', 'property/hostile-edges', 'e2e/anomalies', 'attack/fuzz', 'e2e/bombs', 'attack/spills', 'golden/cli/check', 'property/sameness', 'e2e/hostile', 'property/metrics', 'property/ingest', 'e2e/privacy', 'e2e/exports', 'golden/importers/bodies', 'unit/torn-checkpoints', 'attack/writers', 'e2e/apart'] // prettier-ignore

/** Begins with the long ones: none is left alone at the end, while a core waits. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = long.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
      return at === -1 ? long.length : at
    }
    // eslint-disable-next-line unicorn/no-array-sort -- Not of an array.
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}

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
    // One more than cores: some wait for a process, a lock or a clock.
    maxWorkers: availableParallelism() + 1,
    // Of the tests of a file that read at once (test/golden/importers/reading.ts).
    maxConcurrency: 60,
    sequence: { sequencer: LongestFirst },
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
