import { expect, test } from 'vitest'
import { addCounts, countNames, countsBy, noCounts } from '../../src/domain/record-counts.js'

test('counts of files add up, each by its name', () => {
  const file = countsBy((name) => countNames.indexOf(name))
  expect(file).toEqual({ lines: 0, imported: 1, duplicates: 2, superseded: 3, skipped: 4, rejected: 5 })
  expect(addCounts([file, noCounts, file])).toEqual(countsBy((name) => 2 * file[name]))
  expect(addCounts([])).toEqual(noCounts)
})
