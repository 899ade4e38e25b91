/** Tables that end in a row of totals: it counts nothing again, and is named. */
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { write } from '../../property/ingesting.js'
import { atOnce, readBeside, workshop } from './reading.js'

afterAll(() => workshop.close())

let logs = 0

/** @param last the row below two calls of 1,000 and 2,000 tokens */
const read = (header: string, rows: readonly string[], last: string): ReturnType<typeof readBeside> => {
  const hour = String((logs += 1)).padStart(2, '0')
  const text = [header, ...rows, last, ''].join('\n').replaceAll('HH', hour)
  return readBeside([write(join(workshop.room(), 'table.csv'), text)])
}

const usual = [
  '2026-09-01THH:00:00Z,gpt-4o,a,1000,100,0.0035',
  '2026-09-01THH:00:01Z,gpt-4o,b,2000,200,0.007',
]
const header = 'timestamp,model,user,input_tokens,output_tokens,cost_usd'
/** As data frames are written, with their index. */
const framed = usual.map((row, i) => `${i},${row}`)

atOnce.each([
  [header, usual, 'TOTAL,,,3000,300,0.0105'],
  [header, usual, 'Grand total:,,,3000,300,0.0105'],
  [header, usual, '2026-09-02THH:00:00Z,TOTAL,,3000,300,0.0105'],
  [header, usual, '2026-09-02THH:00:00Z,,Total,3000,300,0.0105'],
  [header, usual, ',,Sum,3000,300,0.0105'],
  [`,${header}`, framed, 'Total,,,,3000,300,0.0105'],
  [`,${header}`, framed, 'Total,2026-09-02THH:00:00Z,,,3000,300,0.0105'],
])('%s … %s', async (columns, rows, last) => {
  const { calls, rejects, counts } = await read(columns, rows, last)
  expect(rejects).toEqual([])
  expect(calls.map((call) => call['cost_usd'])).toEqual(['0.0035', '0.007'])
  // Four lines: a header, two calls and the total.
  expect(counts).toEqual([[4, 2, 0, 0, 2, 0]])
})

atOnce('a customer may be called Total, and a feature sum', async () => {
  const columns = 'customer,feature,timestamp,model,input_tokens,output_tokens'
  const { calls } = await read(
    columns,
    ['Total,chat,2026-09-01THH:00:00Z,gpt-4o,1000,100'],
    'x,sum,2026-09-01THH:00:01Z,gpt-4o,1000,100',
  )
  expect(calls).toMatchObject([{ customer: 'Total' }, { feature: 'sum' }])
})

atOnce('what is left out is named', async () => {
  const { doubts } = await read(header, usual, 'TOTAL,,,3000,300,0.0105')
  expect(doubts.join('\n')).toMatch(/rows? adds? up others and (?:is|are) left out as no calls?/)
})
