/** What is left out before any norm is worked out would not have been flagged: the same tests on every day say the same. */
import { expect, test } from 'vitest'
import { tries } from '../../property/seed.js'
import { CallNorms } from '../../../src/anomalies/method/call-norms.js'
import { costFlags, costHours } from '../../../src/anomalies/method/cost-tests.js'
import { groundOf } from '../../../src/anomalies/method/ground.js'
import { History } from '../../../src/anomalies/method/history.js'
import { judgementOf } from '../../../src/anomalies/method/judging.js'
import { isFlagged, judgedWidths, likelihoodFlags } from '../../../src/anomalies/method/likelihood.js'
import { expectedHours } from '../../../src/anomalies/method/widths.js'
import { dimensionOf } from '../../../src/domain/dimensions.js'
import type { AnomalyRequest, FlagRow } from '../../../src/metrics/anomalies/flags.js'
import type { SeriesRow } from '../../../src/metrics/anomalies/judged-hours.js'

const firstDay = 20_000
const lastDay = firstDay + 36
const request: AnomalyRequest = {
  scope: { since: null, until: null, tz: 'UTC', filters: [] },
  span: { first: 24 * firstDay, since: 24 * (firstDay + 29), until: 24 * lastDay, missing: [] },
  by: [dimensionOf('feature')],
  historyDays: 28,
  kinds: ['spike', 'sustained'],
  method: 'likelihood',
  noiseScale: 1,
  minUsd: 0.1,
  minShare: 0.02,
}
const days = Array.from({ length: 8 }, (_, i) => firstDay + 28 + i)

/** Numbers from 0 to 1, the same in each run (Lehmer's generator). */
function randoms(seed: number): () => number {
  let state = seed
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
}

/** Hours of working days, with some that cost a few times what they usually do; of some features the first month is free. */
function generated(seed: number): { readonly account: SeriesRow; readonly feature: SeriesRow } {
  const random = randoms(seed)
  const calls = 20 + Math.floor(180 * random())
  const loudFrom = 24 * (firstDay + 29) + Math.floor(140 * random())
  const loudHours = 1 + Math.floor(47 * random())
  const times = seed % 4 === 0 ? 1 : 2 + 4 * random()
  const freeUntil = seed % 5 === 0 ? 24 * (firstDay + 34) + 17 : 0
  const hoursOf = (share: number, free = 0): { hour: number; calls: number; usd: number }[] =>
    Array.from({ length: 24 * 36 }, (_, i) => {
      const hour = 24 * firstDay + i
      const office = i % 24 > 7 && i % 24 < 19 ? 1 : 0.15
      const week = (Math.floor(hour / 24) + 4) % 7 === 0 ? 0.3 : 1
      const loud = hour >= loudFrom && hour < loudFrom + loudHours ? times : 1
      const found = Math.round(calls * share * office * week * loud * (0.8 + 0.4 * random()))
      const each = 0.008 + 0.004 * random()
      // Calls are those that cost something.
      return hour < free ? { hour, calls: 0, usd: 0 } : { hour, calls: found, usd: found * each }
    })
  const [feature, others] = [hoursOf(0.4, freeUntil), hoursOf(0.6)]
  const both = new Map(others.map((one) => [one.hour, one]))
  for (const one of feature) {
    const other = both.get(one.hour) ?? { calls: 0, usd: 0 }
    both.set(one.hour, { hour: one.hour, calls: one.calls + other.calls, usd: one.usd + other.usd })
  }
  const row = (family: number, value: string, hours: Iterable<(typeof feature)[number]>): SeriesRow => ({
    family,
    value,
    hours: `[${[...hours]
      .map((one) => {
        const each = one.calls === 0 ? 0 : one.usd / one.calls
        return `${one.hour},"${one.usd.toFixed(12)}",${one.calls},${1.5 * each},${one.calls * each * each}`
      })
      .join(',')}]`,
  })
  return { account: row(0, '', both.values()), feature: row(1, 'chat', feature) }
}

const keyOf = ({ kind, family, hour }: Pick<FlagRow, 'kind' | 'family' | 'hour'>): string =>
  `${kind} ${family} ${hour}`

test('nothing is left out that could be flagged', () => {
  const seen = { likely: 0, whole: 0, quiet: 0 }
  for (let seed = 1; seed <= tries(16, 100); seed++) {
    const { account, feature } = generated(seed)
    const ground = groundOf(request, [account])
    if (ground === undefined) throw new Error('no account')
    const { rows, loud } = judgementOf(ground, [feature])
    const counts = new Map(days.map((day) => [day, 2]))
    const flags = loud.flatMap((one) => likelihoodFlags(one, request.span.since, request, counts))
    const likely: string[] = []
    const whole: string[] = []
    const ofAccount = new CallNorms(ground.account, ground.calendar)
    for (const history of [ground.account, new History(request.span, feature)]) {
      const norms =
        history === ground.account ? ofAccount : new CallNorms(history, ground.calendar, ofAccount)
      const hours = expectedHours(norms, days, ground.calendar, ground.usual)
      for (const { hour } of hours.filter((one) => one.hour >= request.span.since && one.usd > one.normUsd)) {
        for (const one of judgedWidths({ norms, hours, isPerson: false }, hour, request, 2)) {
          const kind = one.term.width < 24 ? 'spike' : 'sustained'
          if (isFlagged(one)) likely.push(keyOf({ kind, family: history.family, hour }))
        }
      }
      const all = costFlags(history, costHours(history, days, ground.calendar, ground.usual), {
        kinds: ['sustained'],
        since: request.span.since,
        noiseScale: 1,
        timesShare: 1,
        isPerson: false,
        ofWholeDays: true,
      })
      whole.push(...all.map(keyOf))
    }
    expect(flags.map(keyOf).toSorted(), `seed ${seed}`).toEqual([...new Set(likely)].toSorted())
    expect(
      rows
        .filter(({ kind }) => kind === 'sustained')
        .map(keyOf)
        .toSorted(),
      `seed ${seed}`,
    ).toEqual(whole.toSorted())
    seen.likely += likely.length
    seen.whole += whole.length
    seen.quiet += Number(loud.length === 0)
  }
  // Each of these was drawn.
  expect(Math.min(seen.likely, seen.whole, seen.quiet), JSON.stringify(seen)).toBeGreaterThan(0)
})
