/**
 * Generated months to score the forecast on: daily costs of many shapes, the same for the same seed, and
 * what came of them.
 */
import { addDays, lengthOf, periodOf, type DailyCost, type DayRange } from '../../src/forecast/days.js'

export interface GeneratedMonth {
  /** Whole days: those before the month, then the month's own. */
  readonly days: readonly DailyCost[]
  readonly month: DayRange
}

/** Uniform and normal numbers from a seed (mulberry32; Box & Muller). */
export class Dice {
  #state: number
  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761) >>> 0
    for (let i = 0; i < 4; i++) this.uniform()
  }
  uniform(low = 0, high = 1): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return low + (((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * (high - low)
  }
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform())
  }
}

/** Factor of a day's expected cost: `t` counts from the month's first day, before it is negative. */
export type Factor = (t: number, weekday: number) => number

/** A cost of each day; expectations and chance of one shape. */
export type Shape = (dice: Dice) => Factor

/** Weekends cost less; workdays differ a little. */
export function season(dice: Dice): Factor {
  const weekend = dice.uniform(0.1, 0.7)
  const factors = Array.from({ length: 7 }, (_, day) => (day >= 5 ? weekend : dice.uniform(0.85, 1.15)))
  return (_, weekday) => factors[weekday]!
}

export const growth =
  (rate: number): Factor =>
  (t) =>
    (1 + rate) ** (t / 7)

/** Log-normal noise with a mean of 1. */
export function noise(dice: Dice, sigma: number): Factor {
  return () => Math.exp(sigma * dice.normal() - sigma ** 2 / 2)
}

export const product =
  (...factors: readonly Factor[]): Factor =>
  (t, weekday) =>
    factors.reduce((value, factor) => value * factor(t, weekday), 1)

/** A week's cost wanders by some percent from one week to the next. */
export function drift(dice: Dice, sigma: number): Factor {
  let log = 0
  return () => {
    log += (sigma / Math.sqrt(7)) * dice.normal()
    return Math.exp(log)
  }
}

export const shapes: Readonly<Record<string, Shape>> = {
  'weekly season': (dice) => product(season(dice), noise(dice, dice.uniform(0.08, 0.3))),
  'season and growth': (dice) =>
    product(season(dice), growth(dice.uniform(0.02, 0.1)), noise(dice, dice.uniform(0.08, 0.3))),
  'season and decline': (dice) =>
    product(season(dice), growth(-dice.uniform(0.02, 0.08)), noise(dice, dice.uniform(0.08, 0.3))),
  'season, growth and drift': (dice) =>
    product(
      season(dice),
      growth(dice.uniform(0, 0.06)),
      drift(dice, dice.uniform(0.04, 0.12)),
      noise(dice, dice.uniform(0.08, 0.25)),
    ),
  'heavy tails': (dice) => {
    const base = product(season(dice), noise(dice, 0.3))
    return (t, weekday) => base(t, weekday) * (dice.uniform() < 0.08 ? dice.uniform(2, 6) : 1)
  },
  'one spike': (dice) => {
    const base = product(season(dice), noise(dice, 0.15))
    const day = Math.floor(dice.uniform(-28, 22))
    const height = dice.uniform(5, 20)
    return (t, weekday) => base(t, weekday) * (t === day ? height : 1)
  },
  'level shift': (dice) => {
    const base = product(season(dice), noise(dice, 0.15))
    const day = Math.floor(dice.uniform(-84, 28))
    const height = dice.uniform() < 0.5 ? dice.uniform(1.4, 3) : dice.uniform(0.3, 0.7)
    return (t, weekday) => base(t, weekday) * (t >= day ? height : 1)
  },
  'new product': (dice) => {
    const [base, own] = [product(season(dice), noise(dice, 0.15)), noise(dice, 0.25)]
    const day = Math.floor(dice.uniform(-60, 15))
    const [size, ramp] = [dice.uniform(0.3, 1.5), dice.uniform(5, 30)]
    return (t, weekday) => {
      const share = t < day ? 0 : Math.min(1, (t - day + 1) / ramp)
      return base(t, weekday) * (1 + size * share * own(t, weekday))
    }
  },
  'zero weekends': (dice) => {
    const base = product(growth(dice.uniform(-0.02, 0.06)), noise(dice, dice.uniform(0.1, 0.3)))
    return (t, weekday) => (weekday >= 5 ? 0 : base(t, weekday))
  },
  sparse: (dice) => {
    const [often, base] = [dice.uniform(0.15, 0.5), noise(dice, 0.7)]
    return (t, weekday) => (dice.uniform() < often ? base(t, weekday) : 0)
  },
  'three weeks old': (dice) => {
    const base = product(season(dice), growth(dice.uniform(0, 0.08)), noise(dice, dice.uniform(0.08, 0.3)))
    return (t, weekday) => (t < -21 ? 0 : base(t, weekday))
  },
}

/** One month of a shape, with 120 days before it, or as many as `before` says. */
export function generatedMonth(shape: Shape, seed: number, before = 120): GeneratedMonth {
  const dice = new Dice(seed)
  const begin = `20${24 + Math.floor(dice.uniform(0, 3))}-${String(1 + Math.floor(dice.uniform(0, 12))).padStart(2, '0')}-01`
  const month = periodOf(begin, 'month')
  const scale = 10 ** dice.uniform(0, 4)
  const factor = shape(dice)
  const days: DailyCost[] = []
  for (let t = -before; t < lengthOf(month); t++) {
    const day = addDays(month.since, t)
    const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7
    days.push({ day, cost_usd: scale * factor(t, weekday), complete: 1 })
  }
  return { days, month }
}
