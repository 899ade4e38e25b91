/**
 * The story for which the tool is there: a company of $12,000 a week launches a feature on a Friday, and from Monday
 * 00:00 on fourteen power users send it long documents, $31,000 in four days. Who is told, and when? And a smaller
 * company of $1,200 a week, where one user does it from 09:00 on.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { numbers } from '../numbers.js'
import { sharedFolder } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const hour = 3_600_000
const monday = Date.parse('2026-10-12T00:00:00Z')
const launch = monday - 55 * hour

interface Company {
  /** Calls a week, of $1.50 on the mean, from $0.30 to $2.70. */
  readonly calls: number
  readonly users: number
  /** Who sends documents, for four days from an hour of Monday on. */
  readonly power: readonly string[]
  readonly from: number
}

/** Half of the power users have called all the time, half are new. */
const large: Company = {
  calls: 8000,
  users: 250,
  power: Array.from({ length: 14 }, (_, i) => (i % 2 === 0 ? `user-${30 + 15 * i}` : `power-${i}`)),
  from: 0,
}
const small: Company = { calls: 800, users: 30, power: ['user-12'], from: 9 }

/** The first of the power users makes 847 calls of 50,000 tokens at $2.60, $2,200; the others about as many. */
const documentsOf = (user: number, at: number): number =>
  Math.floor((at + 1) * (847 / 96) + user / 20) - Math.floor(at * (847 / 96) + user / 20)

/** Five weeks with a rhythm of day and week, the launch, and half of the Monday. */
function callsOf({ calls: weekly, users, power, from }: Company): string[] {
  const random = numbers(12)
  const rows: string[] = []
  const add = (at: number, user: string, feature: string, tokens: number, usd: number): void =>
    void rows.push(
      [new Date(at + random() * hour).toISOString(), user, feature, tokens, usd.toFixed(6)].join(','),
    )
  const busy = (at: number): number => {
    const date = new Date(at)
    const h = date.getUTCHours()
    return ([0, 6].includes(date.getUTCDay()) ? 0.35 : 1) * (h >= 8 && h < 18 ? 1.15 : h >= 6 ? 0.45 : 0.15)
  }
  const week = Array.from({ length: 168 }, (_, h) => busy(monday + h * hour)).reduce((a, b) => a + b)
  const features = ['chat', 'chat', 'search', 'search', 'summaries', 'agent']
  const noise = weekly / 1300
  for (let at = monday - 35 * 24 * hour; at < monday + 12 * hour; at += hour) {
    const calls = Math.max(0, Math.floor((weekly * busy(at)) / week + (random() - 0.5) * noise + random()))
    for (let i = 0; i < calls; i++) {
      const user = `user-${Math.floor(random() ** 2 * users)}`
      const usd = 0.3 + 2.4 * random()
      add(at, user, features[Math.floor(random() * 6)]!, Math.round(5000 * usd), usd)
    }
    if (at >= launch && random() < 0.5)
      add(at, `user-${Math.floor(random() * users)}`, 'documents', 6000, 0.3)
    const since = (at - monday) / hour - from
    if (since < 0) continue
    for (const [i, user] of power.entries())
      for (let n = documentsOf(i, since); n > 0; n--)
        add(at, user, 'documents', 50_000, i === 0 ? 2.6 : 2.6 * (0.8 + 0.4 * random()))
  }
  return rows.toSorted()
}

interface Answer {
  readonly incidents: readonly {
    dimension: string
    value: string
    since: string
    excess_usd: number
    text: string
  }[]
  readonly findings: readonly {
    kind: string
    value: string | null
    measured: number
    text: string
    /** Of those that are only counted. */
    user_ids?: readonly string[]
  }[]
}

interface Fired {
  readonly rows: readonly { rule: string; value: string | null; text: string }[]
}

/** Asks of the log as it stood at a moment. */
interface Log {
  readonly anomaliesAt: (asOf: string) => Promise<Answer>
  readonly checkAt: (asOf: string) => Promise<Fired['rows']>
}

/** In a folder of its own, with the rules of `init`. */
async function logOf(company: Company): Promise<Log> {
  const cwd = sharedFolder()
  const db = ['--db', 'calls.duckdb']
  const head = 'timestamp,user,feature,input_tokens,cost_usd'
  writeFileSync(join(cwd, 'calls.csv'), `${head}\n${callsOf(company).join('\n')}\n`)
  await runWarmWell(['ingest', 'calls.csv', ...db], { cwd })
  await runWarmWell(['init', '--rules'], { cwd })
  return {
    anomaliesAt: async (asOf) => {
      const args = ['anomalies', '--since', '3d', '--as-of', asOf, '--json', ...db]
      return JSON.parse(await runWarmWell(args, { cwd })) as Answer
    },
    checkAt: async (asOf) => {
      const { stdout } = await runWarm(['check', '--as-of', asOf, '--json', ...db], { cwd })
      return (JSON.parse(stdout) as Fired).rows
    },
  }
}

const beyond = ({ findings }: Answer): Answer['findings'] =>
  findings.filter(({ kind }) => kind === 'user_beyond_usual')

/** Named, or counted in "and 4 more users". */
const toldUsers = (answer: Answer): string[] =>
  beyond(answer).flatMap(({ value, user_ids }) => (value === null ? (user_ids ?? []) : [value]))

describe('$12,000 a week, fourteen power users from Monday 00:00 on', () => {
  let log: Log
  beforeAll(async () => {
    log = await logOf(large)
  })

  test('before Monday nothing is told', async () => {
    const answer = await log.anomaliesAt('2026-10-12T00:00:00Z')
    expect(answer.incidents).toEqual([])
    expect(beyond(answer)).toEqual([])
  })

  test('anomalies name the feature two hours later', async () => {
    const { incidents } = await log.anomaliesAt('2026-10-12T02:00:00Z')
    const [incident, ...others] = incidents
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
    const quiet = await log.checkAt('2026-10-11T23:00:00Z')
    expect(quiet.map(({ text }) => text).join()).not.toContain('documents')
    expect(quiet.filter(({ rule }) => rule === 'unusual-user')).toEqual([])
    const told = await log.checkAt('2026-10-12T02:00:00Z')
    expect(told.find(({ rule }) => rule === 'unusual-cost')?.text).toMatch(
      /feature documents cost \$[\d.]+ in .* is usual: user (user|power)-\d+ explains \$[\d.]+ \(\d+(\.\d)?%\)/,
    )
  })

  test('anomalies name or count each power user by 09:00, and nobody else', async () => {
    const answer = await log.anomaliesAt('2026-10-12T09:00:00Z')
    expect(toldUsers(answer).toSorted()).toEqual(large.power.toSorted())
    expect(beyond(answer)).toHaveLength(11)
    expect(beyond(answer).at(-1)?.text).toMatch(/^and 4 more users are beyond the usual, \$[\d,.]+ on /)
    // Nine hours of 8.8 calls at $2.60 each.
    for (const { value, measured, text } of beyond(answer).slice(0, 10)) {
      expect(measured).toBeGreaterThan(180)
      expect(measured).toBeLessThan(240)
      expect(text).toMatch(/ is beyond the usual: \$[\d.]+ in \d+ calls on 2026-10-12, \d+ × /)
      expect(text.includes('(this user is new)')).toBe(value!.startsWith('power'))
      expect(text).toMatch(/; feature documents is (9\d|100)(\.\d)?% of it$/)
    }
  })

  test('check names each by 09:00, and nobody else', async () => {
    const told = await log.checkAt('2026-10-12T09:00:00Z')
    const users = told.filter(({ rule }) => rule === 'unusual-user')
    expect(users.map(({ value }) => String(value)).toSorted()).toEqual(large.power.toSorted())
    const first = users.find(({ value }) => value === large.power[0])!
    // 79 calls at $2.60 come to $205.40, beside what the user calls anyway.
    expect(first.text).toMatch(
      /^user-30 spent \$2\d\d\.\d\d on 2026-10-12 so far in (79|8\d) calls, [\d.]+ × a usual day of \$[\d.]+; feature documents is 9\d(\.\d)?% of it; see llmcost anomalies$/,
    )
  })
})

describe('$1,200 a week, one user from Monday 09:00 on', () => {
  let log: Log
  beforeAll(async () => {
    log = await logOf(small)
  })

  test('at 09:00 nothing is told', async () => {
    const answer = await log.anomaliesAt('2026-10-12T09:00:00Z')
    expect(answer.incidents).toEqual([])
    expect(beyond(answer)).toEqual([])
    expect(
      (await log.checkAt('2026-10-12T09:00:00Z')).filter(({ rule }) => rule.startsWith('unusual')),
    ).toEqual([])
  })

  test('at 10:00 anomalies name the feature and the user, and check the feature', async () => {
    const { incidents } = await log.anomaliesAt('2026-10-12T10:00:00Z')
    expect(incidents).toHaveLength(1)
    expect(incidents[0]!.since).toBe('2026-10-12T09:00:00Z')
    expect(incidents[0]!.text).toMatch(/documents/)
    expect(incidents[0]!.text).toMatch(/user-12/)
    const told = await log.checkAt('2026-10-12T10:00:00Z')
    expect(told.find(({ rule }) => rule === 'unusual-cost')?.text).toMatch(/feature documents/)
  })

  test('at 12:00 his day is beyond his usual', async () => {
    expect(toldUsers(await log.anomaliesAt('2026-10-12T12:00:00Z'))).toEqual(['user-12'])
    const told = await log.checkAt('2026-10-12T12:00:00Z')
    expect(told.filter(({ rule }) => rule === 'unusual-user').map(({ value }) => value)).toEqual(['user-12'])
  })
})
