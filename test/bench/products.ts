/**
 * Generated products of medium and large size, and what is put into their logs: product-log.ts writes these. Each
 * has one office in one of three zones, quiet nights and weekends, growth of 0 to 4 % a week, users whose weights
 * have a heavy tail, and features from many cheap calls to few dear ones; every other one has a batch each night or
 * each week.
 */
import { Dice } from './forecast-months.js'

export interface ProductSize {
  readonly scale: 'medium' | 'large'
  readonly users: number
  readonly features: number
  readonly callsADay: number
}

export const productSizes: readonly ProductSize[] = [
  { scale: 'medium', users: 50, features: 9, callsADay: 1_500 },
  { scale: 'large', users: 130, features: 14, callsADay: 6_000 },
]

/** Hours of a log, and from which on they are judged. */
export const [logHours, judgedFrom] = [1_680, 672]

interface Feature {
  readonly name: string
  readonly callsADay: number
  readonly meanUsd: number
  readonly sigma: number
}

export interface Batch {
  readonly feature: number
  readonly hour: number
  readonly weekday: number | undefined
  readonly calls: number
}

export interface Product {
  readonly seed: number
  readonly size: ProductSize
  readonly tz: string
  /** Hours that the office's clock is ahead of UTC. */
  readonly ahead: number
  readonly features: readonly Feature[]
  readonly weights: readonly number[]
  readonly growth: number
  readonly weekend: number
  readonly batch: Batch | undefined
}

/** What a call costs on the mean, and the spread of its logarithm, from the dearest calls to the cheapest. */
const kinds = [
  ['agent', 0.3, 0.8],
  ['review', 0.13, 1],
  ['rag', 0.03, 0.9],
  ['summary', 0.018, 0.9],
  ['chat', 0.0065, 1],
  ['classify', 0.0009, 0.5],
] as const

/** Zones without a change of clocks in these weeks but one. */
const offices = [
  ['UTC', 0],
  ['Asia/Tokyo', 9],
  ['America/Phoenix', -7],
] as const

export function product(size: ProductSize, seed: number): Product {
  const dice = new Dice(seed)
  const [tz, ahead] = offices[seed % offices.length]!
  const shares = Array.from({ length: size.features }, (_, i) => {
    const rare = [0.02, 0.06, 0.5, 0.7, 1.6, 1][i % kinds.length]!
    return rare * Math.exp(0.3 * dice.normal())
  })
  const whole = shares.reduce((sum, share) => sum + share, 0)
  const features = shares.map((share, i) => {
    const [kind, usd, sigma] = kinds[i % kinds.length]!
    const meanUsd = usd * Math.exp(0.2 * dice.normal())
    return { name: `${kind}-${i}`, callsADay: (share / whole) * size.callsADay, meanUsd, sigma }
  })
  const weekly = dice.uniform() < 0.5
  const batch = {
    feature: 2 + Math.floor(dice.uniform(0, 2)),
    hour: Math.floor(dice.uniform(0, 5)),
    weekday: weekly ? Math.floor(dice.uniform(0, 5)) : undefined,
    calls: Math.round(size.callsADay * dice.uniform(0.03, 0.1)),
  }
  return {
    seed,
    size,
    tz,
    ahead,
    features,
    weights: Array.from({ length: size.users }, () => dice.uniform(0.02, 1) ** -0.9),
    growth: dice.uniform(0, 0.04),
    weekend: dice.uniform(0.05, 0.4),
    batch: seed % 2 === 0 ? batch : undefined,
  }
}

/** Kinds of what is put in. A ramp and an outage have logs of their own; the others are put into one log. */
type Kind = 'spike' | 'nightbatch' | 'retrystorm' | 'poweruser' | 'levelshift' | 'ramp' | 'outage'

/** What is put in: hours from `start` until `end`, counted from the log's first. */
export interface Plan {
  readonly kind: Kind
  readonly start: number
  readonly end: number
  readonly feature: number
  readonly user?: number
  /** What is put in, usual days of all calls; of a lasting change: a day. Of a ramp: growth a week. */
  readonly size: number
}

/** A usual day of all calls, USD. */
export const usualDay = ({ features }: Product): number =>
  features.reduce((sum, { callsADay, meanUsd }) => sum + callsADay * meanUsd, 0)

const logarithmic = (dice: Dice, low: number, high: number): number =>
  Math.exp(dice.uniform(Math.log(low), Math.log(high)))

/** Seven events, each in a part of the six weeks of its own; the lasting one in the last. */
export function mixedPlan(of: Product): Plan[] {
  const dice = new Dice(of.seed + 50_000)
  const order: Kind[] = ['spike', 'spike', 'nightbatch', 'retrystorm', 'poweruser', 'nightbatch']
  const kindsInOrder = order
    .map((kind) => ({ kind, at: dice.uniform() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ kind }) => kind)
  return [...kindsInOrder, 'levelshift' as const].map((kind, i) => {
    const start = judgedFrom + 144 * i + Math.floor(dice.uniform(0, 24))
    return planned(kind, start, of, dice)
  })
}

function planned(kind: Kind, start: number, of: Product, dice: Dice): Plan {
  const feature = Math.floor(dice.uniform(0, of.features.length))
  const lasts = (low: number, high: number): number => start + Math.floor(dice.uniform(low, high + 1))
  switch (kind) {
    case 'spike':
      return { kind, start, end: start + 1, feature, size: logarithmic(dice, 0.06, 0.35) }
    case 'retrystorm':
      return { kind, start, end: lasts(2, 5), feature, size: logarithmic(dice, 0.15, 1.5) }
    case 'nightbatch': {
      // Between ten in the evening and four in the morning at the office.
      const evening = start - ((start + of.ahead) % 24) + 22 + Math.floor(dice.uniform(0, 4))
      const end = evening + 1 + Math.floor(dice.uniform(0, 3))
      return { kind, start: evening, end, feature, size: logarithmic(dice, 0.06, 0.5) }
    }
    case 'poweruser': {
      const user = Math.floor(dice.uniform(0, of.weights.length))
      return { kind, start, end: lasts(72, 96), feature, user, size: logarithmic(dice, 0.8, 8) }
    }
    case 'levelshift':
    case 'ramp':
    case 'outage':
      return { kind, start, end: logHours, feature, size: logarithmic(dice, 0.4, 3) }
  }
}

/** Growth of 15 % a week over all judged weeks. */
export const rampPlan: readonly Plan[] = [
  { kind: 'ramp', start: judgedFrom, end: logHours, feature: 0, size: 0.15 },
]

/** Hours without a call in the middle of two workdays. */
export const outagePlan = ({ ahead }: Product): Plan[] =>
  [judgedFrom + 24 * 8, judgedFrom + 24 * 29].map((midnight) => {
    const start = midnight + 10 - ahead
    return { kind: 'outage', start, end: start + 5, feature: 0, size: 0 }
  })

/** Share of a day's calls that an hour has on the mean, by the office's clock. */
export function profile(of: Product, t: number): number {
  const local = t + of.ahead
  const [hour, weekday] = [((local % 24) + 24) % 24, (Math.floor(local / 24) + 7) % 7]
  const day = 0.006 + 0.096 * Math.exp(-(((hour - 13.5) / 4) ** 2) / 1.9)
  return day * (weekday >= 5 ? of.weekend : 1)
}
