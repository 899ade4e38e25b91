import { readFileSync } from 'node:fs'
import { availableParallelism, devNull } from 'node:os'
import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { globSync } from 'tinyglobby'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

import { longTests } from './test/long-tests.js'

/** Tests that run the installed program; the others need not wait until it is packed. */
const packed = ['test/e2e/**/*.test.ts', 'test/attack/**/*.test.ts', 'test/golden/cli/**/*.test.ts']
const source = ['test/{unit,golden,property}/**/*.test.ts']

/** Tests that put something in the place of a module: it must not be there for others. */
const replacing = globSync(source).filter((path) => readFileSync(path, 'utf8').includes('vi.mock('))

/** Those that take longest, or wait most, first. */
const slowest = ['attack/kills', 'e2e/docs', 'e2e/exports', 'e2e/bombs', 'property/hostile-edges', 'property/ownership', 'golden/importers/sameness', 'property/bills-order', 'e2e/archive', 'property/archive', 'property/sameness', 'property/ingest', 'property/metrics', 'e2e/page-commands', 'e2e/hostile', 'property/anomalies', 'property/injected-faults', 'property/rollups', 'unit/torn-checkpoints', 'e2e/concurrency', 'e2e/figures', 'e2e/alerts', 'golden/cli/check', 'attack/fuzz', 'attack/spills', 'e2e/anomalies', 'e2e/privacy', 'golden/importers/bodies', 'attack/writers', 'e2e/apart'] // prettier-ignore

/** Begins with the slow ones: none is left alone at the end, while a core waits. */
class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = slowest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
      return at === -1 ? slowest.length : at
    }
    // eslint-disable-next-line unicorn/no-array-sort -- Not of an array.
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}

/** All tests that need Node alone, the long ones, or those of `npm test`, which are the others. */
type Share = 'all' | 'long' | 'others'

const longOf = (...folders: readonly string[]): string[] =>
  longTests
    .filter((name) => folders.some((folder) => name.startsWith(folder)))
    .map((name) => `test/${name}.test.ts`)

/** Every test runs under one pinned environment, so that output is the same on every machine. */
export const testsOf = (share: Share): ViteUserConfig => {
  const left = share === 'others' ? longOf('') : []
  const long = {
    source: longOf('unit/', 'golden/', 'property/').filter((path) => !path.startsWith('test/golden/cli/')),
    packed: longOf('e2e/', 'attack/', 'golden/cli/'),
  }
  return defineConfig({
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
      // Files share the modules that their worker has loaded: a sixth of all time went into loading them anew.
      isolate: false,
      // Of the tests of a file that read at once (test/golden/importers/reading.ts).
      maxConcurrency: 60,
      sequence: { sequencer: SlowestFirst },
      projects: [
        {
          extends: true,
          test: {
            name: 'source',
            include: share === 'long' ? long.source : source,
            exclude: ['test/golden/cli/**', ...replacing, ...left],
          },
        },
        {
          extends: true,
          test: { name: 'replacing', include: share === 'long' ? [] : replacing, isolate: true },
        },
        {
          extends: true,
          test: {
            name: 'packed',
            include: share === 'long' ? long.packed : packed,
            exclude: left,
            globalSetup: ['test/setup.ts'],
          },
        },
      ],
    },
  })
}

export default testsOf('all')
