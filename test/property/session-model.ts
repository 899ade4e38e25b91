/**
 * Bursty days and abnormal hours by sessions, worked out again in plain TypeScript over raw calls, from the
 * description of the method in docs/anomaly-method.md and not from the SQL.
 */
import { clockHour } from './anomaly-model.js'

export interface SessionCall {
  readonly ts: number
  readonly feature: string | null
  readonly user: string | null
  readonly session: string | null
  /** Whole millionths of a dollar. */
  readonly cost: number
}

/** A call at its local hour. */
interface Located extends SessionCall {
  readonly hour: number
}

/** 1970-01-01 was a Thursday. */
const weekend = (day: number): boolean => [0, 6].includes((day + 4) % 7)
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
const dayOf = (hour: number): number => Math.floor(hour / 24)

function grouped<T>(values: readonly T[], key: (value: T) => string | number): Map<string | number, T[]> {
  const groups = new Map<string | number, T[]>()
  for (const value of values) {
    const own = groups.get(key(value))
    if (own === undefined) groups.set(key(value), [value])
    else own.push(value)
  }
  return groups
}

export const located = (calls: readonly SessionCall[], tz: string): Located[] =>
  calls.map((call) => ({ ...call, hour: clockHour(call.ts, tz) }))

/** The dispersion of a day's history; undefined where it is too short or its calls name nobody. */
export function dispersionOf(
  calls: readonly Located[],
  day: number,
  historyDays: number,
): number | undefined {
  const first = Math.min(...calls.map(({ hour }) => hour))
  const days = range(day - historyDays, day).filter((one) => 24 * one >= first)
  if (days.length === 0) return undefined
  const past = calls.filter(({ hour }) => days.includes(dayOf(hour)))
  const counts = new Map<number, number>()
  for (const { hour } of past) counts.set(hour, (counts.get(hour) ?? 0) + 1)
  const count = (one: number, hour: number): number => counts.get(24 * one + hour) ?? 0
  const sums = days.flatMap((one) => {
    const alike = days.filter((other) => weekend(other) === weekend(one))
    if (alike.length < 3) return []
    const means = range(0, 24).map((hour) => {
      const all = alike.map((other) => count(other, hour))
      return (total(all) - Math.max(...all)) / (all.length - 1)
    })
    if (total(means) === 0) return []
    const size = total(range(0, 24).map((hour) => count(one, hour))) / total(means)
    const hours = means.map((mean, hour) => {
      const calls = count(one, hour)
      return { beyond: (calls - size * mean) ** 2 - calls, square: (size * mean) ** 2 }
    })
    return [{ beyond: total(hours.map((x) => x.beyond)), square: total(hours.map((x) => x.square)) }]
  })
  const named = past.filter(({ user, session }) => user !== null || session !== null).length
  if (sums.length < 14 || named < 0.5 * past.length) return undefined
  const kept = sums.toSorted((a, b) => a.beyond - b.beyond).slice(0, -4)
  return total(kept.map(({ beyond }) => beyond)) / total(kept.map(({ square }) => square))
}

/** A session within an hour. */
interface Part {
  readonly person: string
  readonly hour: number
  readonly cost: number
  readonly begun: boolean
  readonly price: number
  readonly calls: number
}

function partsOf(calls: readonly Located[]): Part[] {
  const name = ({ user, session }: Located): string => JSON.stringify([user, session])
  return [...grouped(calls, name).values()].flatMap((session) => {
    const hours = grouped(session, ({ hour }) => hour)
    return [...hours.values()].map((own) => {
      const [{ user, hour } = { user: null, hour: 0 }] = own
      const cost = total(own.map((call) => call.cost)) / 1e6
      return {
        person: user ?? '',
        hour,
        cost,
        begun: !hours.has(hour - 1),
        price: Math.log(cost / own.length),
        calls: Math.log(own.length),
      }
    })
  })
}

interface Shift {
  /** A part's logarithm beyond what is usual for its person. */
  readonly of: (part: Part) => number
  readonly noise: number
}

/** What is usual for each person by the history of a day. */
function shiftOf(past: readonly Part[], log: (part: Part) => number): Shift {
  const everybody = total(past.map(log)) / past.length
  const persons = grouped(past, ({ person }) => person)
  const usual = (person: string): number => {
    const own = persons.get(person) ?? []
    return (total(own.map(log)) + 5 * everybody) / (own.length + 5)
  }
  const squares = [...persons].flatMap(([person, own]) =>
    [...grouped(own, ({ hour }) => dayOf(hour)).values()].map(
      (day) => total(day.map((part) => log(part) - usual(String(person)))) ** 2,
    ),
  )
  return {
    of: (part) => log(part) - usual(part.person),
    noise: Math.max(0.001, total(squares) / past.length),
  }
}

export interface SessionFlag {
  readonly key: string
  readonly cost: number
  readonly norm: number
  readonly strength: number
  /** What its evidence tells, by the names of the columns. */
  readonly terms: Readonly<Record<string, number>>
}

interface Series {
  readonly family: number
  readonly value: string
  readonly parts: readonly Part[]
  readonly first: number
}

function seriesOf(calls: readonly Located[]): Series[] {
  const of = (family: number, value: string, own: readonly Located[]): Series => ({
    family,
    value,
    parts: partsOf(own),
    first: Math.min(...own.map(({ hour }) => hour)),
  })
  const members = (family: number, name: (call: Located) => string | null): Series[] =>
    [
      ...grouped(
        calls.filter((call) => name(call) !== null),
        (call) => name(call) ?? '',
      ),
    ].map(([value, own]) => of(family, String(value), own))
  return [of(0, '', calls), ...members(1, ({ feature }) => feature), ...members(2, ({ user }) => user)]
}

/** What is known of a day by its history. */
interface Day {
  readonly usual: number
  readonly known: number
  readonly profile: readonly number[]
  readonly price: Shift
  readonly calls: Shift
}

function knownOf(series: readonly Series[], day: number, historyDays: number): Day | undefined {
  const account = series[0]
  if (account === undefined) return undefined
  const days = range(Math.max(day - historyDays, dayOf(account.first)), day)
  const past = account.parts.filter(({ hour }) => days.includes(dayOf(hour)))
  const begun = past.filter((part) => part.begun)
  if (begun.length === 0) return undefined
  const costs = days
    .map((one) => total(past.filter(({ hour }) => dayOf(hour) === one).map(({ cost }) => cost)))
    .toSorted((a, b) => a - b)
  const [low, high] = [costs[Math.floor((costs.length - 1) / 2)], costs[Math.ceil((costs.length - 1) / 2)]]
  const alike = days.filter((one) => weekend(one) === weekend(day))
  const at = (of: readonly number[], hour: number): number =>
    begun.filter((part) => part.hour % 24 === (hour + 24) % 24 && of.includes(dayOf(part.hour))).length
  const near = (of: readonly number[], hour: number): number =>
    (at(of, hour - 1) + 2 * at(of, hour) + at(of, hour + 1)) / 4
  const mean = begun.length / (24 * days.length)
  const profile = range(0, 24).map((hour) =>
    Math.max(0.1, (near(alike, hour) + near(days, hour) / days.length) / (alike.length + 1) / mean),
  )
  return {
    usual: ((low ?? 0) + (high ?? 0)) / 2,
    known: series.filter(({ first }) => first < 24 * day).length,
    profile,
    price: shiftOf(past, ({ price }) => price),
    calls: shiftOf(past, ({ calls }) => calls),
  }
}

/** An hour of a series. */
interface Hour {
  readonly begun: number
  readonly lambda: number
  readonly cost: number
  readonly norm: number
  readonly parts: number
  readonly price: number
  readonly calls: number
}

function hoursOf(series: Series, day: number, known: Day, historyDays: number): Hour[] | undefined {
  const since = Math.max(day - historyDays, dayOf(series.first))
  const past = series.parts.filter(({ hour }) => dayOf(hour) >= since && dayOf(hour) < day)
  const begun = past.filter((part) => part.begun).length
  if (begun === 0) return undefined
  const a = (amount: number): number => amount / (24 * (day - since))
  return known.profile.map((share, hour) => {
    const own = series.parts.filter((part) => part.hour === 24 * day + hour)
    return {
      begun: own.filter((part) => part.begun).length,
      lambda: a(begun) * share,
      cost: total(own.map(({ cost }) => cost)),
      norm: a(total(past.map(({ cost }) => cost))) * share,
      parts: own.length,
      price: total(own.map(known.price.of)),
      calls: total(own.map(known.calls.of)),
    }
  })
}

const surpriseOf = (b: number, l: number): number =>
  b > l ? b * Math.log(b / l) - (b + 5) * Math.log((b + 5) / (l + 5)) : 0

/** Every flag of these days, and those hours whose verdict hangs on the last digits. */
export function sessionFlagsOf(
  all: readonly Located[],
  days: readonly number[],
  historyDays: number,
  [from, until]: readonly [number, number],
): { flags: SessionFlag[]; doubtful: Set<string> } {
  const series = seriesOf(all.filter(({ cost, hour }) => cost > 0 && hour < until))
  const flags: SessionFlag[] = []
  const doubtful = new Set<string>()
  for (const day of days) {
    const [known, before] = [knownOf(series, day, historyDays), knownOf(series, day - 1, historyDays)]
    if (known === undefined) continue
    for (const one of series) {
      const own = hoursOf(one, day, known, historyDays)
      if (own === undefined) continue
      const last = before === undefined ? undefined : hoursOf(one, day - 1, before, historyDays)
      for (const [i, hour] of own.entries()) {
        const at = 24 * day + i
        if (at < from || at >= until || hour.parts === 0) continue
        const found = [1, 3, 6, 24].flatMap((span) => {
          const hours = [...(last ?? []), ...own].slice(0, (last?.length ?? 0) + i + 1)
          return hours.length < span ? [] : [verdictOf(hours.slice(-span), hour, known)]
        })
        const key = `${one.family} ${one.value} ${at}`
        if (found.some(({ isDoubtful }) => isDoubtful)) doubtful.add(key)
        for (const isDay of [false, true]) {
          const best = found
            .filter(({ isFlag, span }) => isFlag && (span === 24) === isDay)
            .toSorted((a, b) => b.strength - a.strength || a.span - b.span)[0]
          if (best !== undefined) flags.push({ ...best, key: `${key} ${best.span}` })
        }
      }
    }
  }
  return { flags, doubtful }
}

interface Verdict extends Omit<SessionFlag, 'key'> {
  readonly span: number
  readonly isFlag: boolean
  readonly isDoubtful: boolean
}

function verdictOf(hours: readonly Hour[], now: Hour, known: Day): Verdict {
  const sum = (of: (hour: Hour) => number): number => total(hours.map(of))
  const [cost, norm, parts] = [sum((h) => h.cost), sum((h) => h.norm), sum((h) => h.parts)]
  const shift = (amount: number, noise: number): number => Math.max(0, amount) ** 2 / (2 * parts * noise)
  const [begun, lambda] = [sum((h) => h.begun), sum((h) => h.lambda)]
  const [price, calls] = [sum((h) => h.price), sum((h) => h.calls)]
  const terms = {
    sessions: begun + (hours[0]?.parts ?? 0) - (hours[0]?.begun ?? 0),
    begun,
    norm_begun: lambda,
    price_times: Math.exp(price / parts),
    calls_times: Math.exp(calls / parts),
    begun_surprise: surpriseOf(begun, lambda),
    price_surprise: shift(price, known.price.noise),
    calls_surprise: shift(calls, known.calls.noise),
  }
  const surprise = terms.begun_surprise + terms.price_surprise + terms.calls_surprise
  const strength = surprise / (9 + Math.log(known.known))
  const conditions = [
    [strength, 1],
    [cost - norm, 0.25 * known.usual],
    [cost, 1.5 * norm],
    [now.cost, now.norm],
  ] as const
  return {
    span: hours.length,
    cost,
    norm,
    strength,
    terms,
    isFlag: conditions.every(([measured, bound]) => measured > bound),
    isDoubtful: conditions.some(([measured, bound]) => Math.abs(measured - bound) <= 1e-6 * Math.abs(bound)),
  }
}
