/** What Prometheus reads, whole. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, test } from 'vitest'
import { sharedFolder } from '../../e2e/program.js'
import { expectRecorded } from './recorded.js'

const demo = fileURLToPath(new URL('../../../fixtures/demo', import.meta.url))
const cwd = sharedFolder()

beforeAll(() => cpSync(demo, join(cwd, 'logs'), { recursive: true }))

const asked = ['metrics', '--input', 'logs', '--as-of', 'latest']

test.each<[string, string[]]>([
  ['by-feature', ['--by', 'feature', '--top', '2', '--budget', '300']],
  ['wrong-label', ['--by', 'featur']],
  ['wrong-address', ['--listen', 'nowhere']],
])('metrics %s', (name, more) => expectRecorded(`metrics-${name}`, [...asked, ...more], { cwd }))
