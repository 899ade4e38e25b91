/** The manual pages, as mandoc reads them. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '../../man')
const pages = readdirSync(folder)

const mandoc = (page: string, ...args: string[]): string => {
  const ran = spawnSync('mandoc', [...args, join(folder, page)], { encoding: 'utf8' })
  if (ran.error !== undefined) throw ran.error
  return ran.stdout + ran.stderr
}

test.each(pages)('%s has no error', (page) => {
  const told = mandoc(page, '-T', 'lint', '-W', 'warning')
  // A page made from a program has no date of its own.
  expect(told.split('\n').filter((line) => line !== '' && !line.includes('missing date'))).toEqual([])
})

test('a page reads as it should', () => {
  // Bold letters are struck twice.
  const read = (page: string): string =>
    mandoc(page, '-T', 'utf8', '-O', 'width=80').replaceAll(/.\u0008/g, '')
  expect(read('llmcost.1')).toContain('llmcost - where your LLM money goes')
  expect(read('llmcost-breakdown.1')).toMatch(/--by <dimensions>\n\s+one or more, with commas/)
})
