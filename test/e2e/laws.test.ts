/** The laws of ingest once more, through the installed program. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answerOf, units, type Cell } from '../property/exact-json.js'
import { contentsOf } from '../property/ingesting.js'
import { counted, expectedCalls, fileText, logs } from '../property/logs.js'
import { emptyFolder } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const [all] = fc.sample(logs(12), { numRuns: 1, seed: 7 })
const texts = all!.map((log) => ({ log, text: fileText(log) }))
const counts = ['lines', 'imported', 'duplicates', 'superseded', 'skipped', 'rejected'] as const

function placed(): { cwd: string; names: string[] } {
  const cwd = emptyFolder()
  for (const { log, text } of texts) writeFileSync(join(cwd, log.name), text)
  return { cwd, names: texts.map(({ log }) => log.name) }
}

const ingest = (names: readonly string[], db: string): string[] => [
  'ingest',
  ...names,
  '--max-rejects',
  '100%',
  '--json',
  '--db',
  db,
]

test('conservation: every line of every file is booked once', async () => {
  const { cwd, names } = placed()
  const { rows, totals } = answerOf(await runWarmWell(ingest(names, 'calls.duckdb'), { cwd }))
  for (const [i, row] of [...rows, totals].entries()) {
    const [lines, ...booked] = counts.map((key) => Number(row[key]))
    expect(booked.reduce((sum, n) => sum + n, 0)).toBe(lines)
    if (i < rows.length) expect(lines).toBe(counted(texts[i]!.log).lines)
  }
  expect(Number(totals['imported'])).toBe(expectedCalls(all!).length)
})

test('idempotence: again, in another order, renamed and gzipped', async () => {
  const { cwd, names } = placed()
  await runWarmWell(ingest(names, 'calls.duckdb'), { cwd })
  const once = await contentsOf(join(cwd, 'calls.duckdb'))
  const copies = texts.map(({ text }, i) => {
    writeFileSync(join(cwd, `copy-${i}.log.gz`), gzipSync(text))
    return `copy-${i}.log.gz`
  })
  const again = await runWarmWell(ingest([...copies, ...[...names].reverse()], 'calls.duckdb'), { cwd })
  expect(answerOf(again).totals['imported']).toBe('0')
  await runWarmWell(ingest([...names].reverse(), 'other.duckdb'), { cwd })
  for (const db of ['calls.duckdb', 'other.duckdb']) expect(await contentsOf(join(cwd, db))).toEqual(once)
})

test('one sum: the groups of every dimension add up to the total', async () => {
  const { cwd, names } = placed()
  const from = ['--max-rejects', '100%', '--db', 'calls.duckdb']
  await runWarmWell(['ingest', ...names, ...from], { cwd })
  const total = async (by: string): Promise<readonly [bigint, Cell | undefined]> => {
    const { rows } = answerOf(
      await runWarmWell(['breakdown', '--by', by, '--json', '--db', 'calls.duckdb'], { cwd }),
    )
    const costs = rows.flatMap((row) => (row['cost_usd'] === null ? [] : [units(row['cost_usd'])]))
    return [costs.reduce((sum, cost) => sum + cost, 0n), rows[0]?.['calls']]
  }
  const [whole] = await total('none')
  expect(whole).toBeGreaterThan(0n)
  for (const by of ['model', 'user_id', 'feature,model', 'hour', 'provider'])
    expect((await total(by))[0]).toBe(whole)
})

test('atomicity: --strict keeps a file with a reject out, tells why and ends with 4; the others land', async () => {
  const { cwd, names } = placed()
  const ran = await runWarm(['ingest', ...names, '--strict', '--json', '--db', 'calls.duckdb'], { cwd })
  const bad = texts.filter(({ log }) => counted(log).rejected > 0)
  expect(bad.length).toBeGreaterThan(0)
  expect(bad.length).toBeLessThan(texts.length)
  expect(ran.code).toBe(4)
  const clean = texts.filter((one) => !bad.includes(one)).map(({ log }) => log)
  expect((await contentsOf(join(cwd, 'calls.duckdb'))).calls.length).toBe(expectedCalls(clean).length)
  for (const { log } of bad) expect(ran.stdout + ran.stderr).toContain(log.name)
})
