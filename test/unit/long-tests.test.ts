import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { longTests } from '../long-tests.js'

test('every long test is there, or nobody would run it', () => {
  const gone = longTests.filter((name) => !existsSync(new URL(`../${name}.test.ts`, import.meta.url)))
  expect(gone).toEqual([])
})
