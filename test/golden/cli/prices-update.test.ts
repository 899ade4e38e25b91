/** What `prices update` shows of the three kinds of list, and how it refuses. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, test } from 'vitest'
import { sharedFolder } from '../../e2e/program.js'
import { expectRecorded, testLooks } from './recorded.js'

const lists = fileURLToPath(new URL('../../../fixtures/price-lists/', import.meta.url))
const cwd = sharedFolder()
const dry = ['--dry-run', '--from-date', '2026-11-01']

beforeAll(() => {
  for (const name of ['data.json', 'litellm.json', 'models-dev.json'])
    copyFileSync(lists + name, join(cwd, name))
  const table = JSON.parse(readFileSync(`${lists}litellm.json`, 'utf8')) as Record<string, object>
  table['gpt-4o'] = { ...table['gpt-4o'], input_cost_per_token: 2.6e-5 }
  writeFileSync(join(cwd, 'odd.json'), JSON.stringify(table))
})

describe.each([
  ['prices-update-catalogue', 'data.json'],
  ['prices-update-litellm', 'litellm.json'],
  ['prices-update-models-dev', 'models-dev.json'],
])('%s', (name, list) => {
  testLooks(name, ['prices', 'update', list, ...dry], { cwd })
})

test.each([
  ['prices-update-jump', ['odd.json']],
  ['prices-update-jump-dry', ['odd.json', ...dry]],
  ['prices-update-no-list', []],
  ['prices-update-nothing-to-undo', ['--undo']],
  ['prices-update-http', ['http://example.org/prices.json']],
])('%s', (name, args) => expectRecorded(name, ['prices', 'update', ...args], { cwd }))
