import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'
import { readDataFile } from '../../../src/pricing/data-file.js'

test.each(['price-history.csv', 'price-multipliers.csv'])('%s is read as any CSV is', (name) => {
  const { text, rows } = readDataFile(name)
  expect(rows.length).toBeGreaterThan(80)
  expect(rows).toEqual(parse(text, { columns: true }))
})
