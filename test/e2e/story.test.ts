/**
 * The story for which the tool is there: a company of $12,000 a week launches a feature on a Friday, and from Monday
 * 00:00 on fourteen power users send it long documents, $31,000 in four days. Who is told, and when?
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { numbers } from '../numbers.js'
import { run, runWell, sharedFolder } from './program.js'

const hour = 3_600_000
const monday = Date.parse('2026-10-12T00:00:00Z')
const launch = monday - 55 * hour
const cwd = sharedFolder()
const db = ['--db', 'calls.duckdb']

/** Five weeks of $12,000 each with a rhythm of day and week, the launch, and half of the Monday. */
function callsOfTheStory(): string[] {
  const random = numbers(12)
  const rows: string[] = []
  const add = (at: number, user: string, feature: string, usd: number): void =>
    void rows.push([new Date(at + random() * hour).toISOString(), user, feature, usd.toFixed(6)].join(','))
  const busy = (at: number): number => {
    const date = new Date(at)
    const h = date.getUTCHours()
    return ([0, 6].includes(date.getUTCDay()) ? 0.35 : 1) * (h >= 8 && h < 18 ? 1.15 : h >= 6 ? 0.45 : 0.15)
  }
  const week = Array.from({ length: 168 }, (_, h) => busy(monday + h * hour)).reduce((a, b) => a + b)
  const features = ['chat', 'chat', 'search', 'search', 'summaries', 'agent']
  for (let at = monday - 35 * 24 * hour; at < monday + 12 * hour; at += hour) {
    // 8,000 calls a week of $1.50 on the mean, from $0.30 to $2.70.
    const calls = Math.floor((8000 * busy(at)) / week + (random() - 0.5) * 6 + random())
    for (let i = 0; i < calls; i++)
      add(
        at,
        `user-${Math.floor(random() ** 2 * 60)}`,
        features[Math.floor(random() * 6)]!,
        0.3 + 2.4 * random(),
      )
    if (at >= launch && random() < 0.5) add(at, `user-${Math.floor(random() * 60)}`, 'documents', 0.3)
    // $31,000 over 96 hours at $2.60 a call: 124 an hour.
    if (at >= monday)
      for (let i = 0; i < 124; i++) add(at, `power-${i % 14}`, 'documents', 2.6 * (0.8 + 0.4 * random()))
  }
  return rows.toSorted()
}

beforeAll(async () => {
  const rows = callsOfTheStory()
  writeFileSync(join(cwd, 'calls.csv'), `timestamp,user,feature,cost_usd\n${rows.join('\n')}\n`)
  await runWell(['ingest', 'calls.csv', ...db], { cwd })
  await runWell(['init', '--rules'], { cwd })
})

interface Incidents {
  readonly incidents: readonly { dimension: string; value: string; since: string; excess_usd: number }[]
}

const incidentsAt = async (asOf: string): Promise<Incidents['incidents']> => {
  const args = ['anomalies', '--since', '3d', '--as-of', asOf, '--json', ...db]
  return (JSON.parse(await runWell(args, { cwd })) as Incidents).incidents
}

test('before Monday nothing is told', async () => {
  expect(await incidentsAt('2026-10-12T00:00:00Z')).toEqual([])
})

test('anomalies name the feature two hours later', async () => {
  const [incident, ...others] = await incidentsAt('2026-10-12T02:00:00Z')
  expect(others).toEqual([])
  expect(incident).toMatchObject({
    dimension: 'feature',
    value: 'documents',
    since: '2026-10-12T00:00:00Z',
  })
  // Two hours of 124 calls of $2.60.
  expect(incident!.excess_usd).toBeGreaterThan(600)
  expect(incident!.excess_usd).toBeLessThan(690)
})

test('so does check, with the rules that init writes', async () => {
  const quiet = await run(['check', '--as-of', '2026-10-11T23:00:00Z', '--json', ...db], { cwd })
  expect(quiet.stdout).not.toContain('documents')
  const told = await run(['check', '--as-of', '2026-10-12T02:00:00Z', '--json', ...db], { cwd })
  expect(told.code).toBe(3)
  expect(told.stdout).toMatch(/unusual-cost[^]*feature documents cost \$[\d.]+ in /)
})
