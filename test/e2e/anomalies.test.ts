/** Labelled series through the program: what it must find, and what it must leave alone. */
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { labelledSeries, scoreSeries, summarise, type LabelledSeries } from '../bench/series.js'
import { sharedFolder, type Ran } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const cwd = sharedFolder()
const chosen = ['nightbatch', 'poweruser', 'mixed']
const series = labelledSeries(fileURLToPath(new URL('../../fixtures/anomaly-dev', import.meta.url))).filter(
  ({ log }) => chosen.some((kind) => basename(dirname(log)).includes(kind)),
)

const stores = new Map<string, Promise<readonly string[]>>()

/** Names the store of a log, which is read once. */
function storeOf(log: string): Promise<readonly string[]> {
  const db = ['--db', `${stores.size}.duckdb`]
  const made = stores.get(log) ?? runWarmWell(['ingest', log, ...db], { cwd }).then(() => db)
  stores.set(log, made)
  return made
}

async function flagged({ log, labels }: LabelledSeries, options: readonly string[]): Promise<string[]> {
  const window = ['--since', labels.eval_from, '--as-of', labels.eval_to, ...(await storeOf(log))]
  const stdout = await runWarmWell(['anomalies', ...window, ...options, '--json'], { cwd })
  const { incidents } = JSON.parse(stdout) as { incidents: { hours: string[] }[] }
  return incidents.flatMap(({ hours }) => hours)
}

describe('labelled series', () => {
  test.each([
    ['28 days', series, [], 0.85, 0.15],
    // The other history on fewer series.
    ['14 days', series.filter(({ log }) => log.includes('mixed')), ['--history', '14d'], 0.8, 0.2],
  ] as const)(
    '%s of history',
    async (_, some, options, leastF1, mostFalse) => {
      const scores = []
      for (const one of some) scores.push(scoreSeries(one, await flagged(one, options)))
      const found = summarise(scores)
      expect(found.f1).toBeGreaterThanOrEqual(leastF1)
      expect(found.falseAlarmsAWeek).toBeLessThanOrEqual(mostFalse)
      expect(found.dearRecall).toBe(1)
      expect(found.medianDelay).toBe(0)
      expect(found.p90Delay).toBeLessThanOrEqual(1)
    },
    300_000,
  )

  test('a run every hour finds the same hours as one run', async () => {
    const [one] = series.filter(({ log }) => log.includes('mixed-0/'))
    if (one === undefined) throw new Error('no series')
    const begin = Date.parse('2025-10-26T23:00:00Z')
    const iso = (hours: number): string => new Date(begin + hours * 3_600_000).toISOString()
    const window = (since: number, until: number): LabelledSeries => ({
      ...one,
      labels: { ...one.labels, eval_from: iso(since), eval_to: iso(until) },
    })
    const hourly = new Set<string>()
    for (let hour = 1; hour <= 8; hour++) {
      for (const found of await flagged(window(hour - 1, hour), [])) hourly.add(found)
    }
    const whole = await flagged(window(0, 8), [])
    expect(whole.length).toBeGreaterThan(0)
    expect([...hourly].toSorted()).toEqual([...new Set(whole)].toSorted())
  }, 300_000)
})

describe('exit codes', () => {
  const [one] = series.filter(({ isClean, log }) => !isClean && log.includes('poweruser'))
  const ask = async (until: string, failOn: string): Promise<Ran> => {
    const window = ['--as-of', until, '--since', '2d', ...(await storeOf(one?.log ?? ''))]
    return runWarm(['anomalies', ...window, '--fail-on', failOn], { cwd })
  }
  test('--fail-on incident: 3 when there is one, else 0', async () => {
    expect((await ask('2025-10-05T00:00Z', 'incident')).code).toBe(3)
    expect((await ask('2025-10-01T00:00Z', 'incident')).code).toBe(0)
  })
  test('too little history is no failure', async () => {
    const { code, stdout } = await ask('2025-09-01T20:00Z', 'finding')
    expect(code).toBe(0)
    expect(stdout).toContain('not enough history')
  })
})
