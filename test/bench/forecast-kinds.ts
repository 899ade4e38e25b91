/**
 * Kinds of accounts that a forecast meets, as generated daily costs: calm, growing fast, with a launch inside
 * the month or just before it, with a lasting change of level, people who work in bursts, and two shapes of
 * real traffic: taxi rides (strong weekdays, holidays) and tweets of a company (heavy tails, days of news).
 */
import {
  drift,
  growth,
  noise,
  product,
  season,
  type Dice,
  type Factor,
  type Shape,
} from './forecast-months.js'

export const kinds: Readonly<Record<string, Shape>> = {
  clean: (dice) => product(season(dice), drift(dice, 0.02), noise(dice, dice.uniform(0.05, 0.25))),
  'growing 5 % a week': (dice) => growing(dice, 0.05),
  'growing 10 % a week': (dice) => growing(dice, 0.1),
  'growing 15 % a week': (dice) => growing(dice, 0.15),
  'growth of late': (dice) => {
    const [rate, day] = [dice.uniform(0.05, 0.15), -Math.floor(dice.uniform(14, 43))]
    const base = product(season(dice), drift(dice, 0.03), noise(dice, dice.uniform(0.05, 0.25)))
    return (t, weekday) => base(t, weekday) * (1 + rate) ** (Math.max(0, t - day) / 7)
  },
  'growing, restless days': (dice) =>
    product(growing(dice, dice.uniform(0.05, 0.15)), noise(dice, dice.uniform(0.3, 0.6))),
  // In the month's first days: at 7 days gone it is 3 to 7 days old. At 0 nobody can know of it.
  'launch in the month': (dice) => launched(dice, Math.floor(dice.uniform(0, 5))),
  'launch just before': (dice) => launched(dice, -Math.floor(dice.uniform(3, 11))),
  'level shift': (dice) => {
    const day = -Math.floor(dice.uniform(1, 29))
    const height = dice.uniform() < 0.5 ? dice.uniform(1.4, 3) : dice.uniform(0.3, 0.7)
    const base = product(season(dice), noise(dice, dice.uniform(0.08, 0.25)))
    return (t, weekday) => base(t, weekday) * (t >= day ? height : 1)
  },
  'one developer in bursts': (dice) => developer(dice),
  'small team in bursts': (dice) => {
    const people = Array.from({ length: 3 + Math.floor(dice.uniform(0, 8)) }, () => {
      const [size, own] = [Math.exp(dice.normal()), developer(dice)]
      return (t: number, weekday: number) => size * own(t, weekday)
    })
    return (t, weekday) => people.reduce((sum, cost) => sum + cost(t, weekday), 0)
  },
  taxi,
  tweets,
}

function growing(dice: Dice, rate: number): Factor {
  return product(season(dice), growth(rate), drift(dice, 0.03), noise(dice, dice.uniform(0.05, 0.25)))
}

/** A new feature that costs from a third to thrice of all others, in full within one to four days. */
function launched(dice: Dice, day: number): Factor {
  const [base, own] = [product(season(dice), noise(dice, 0.15)), noise(dice, 0.25)]
  const [size, ramp] = [Math.exp(dice.uniform(Math.log(0.35), Math.log(3))), dice.uniform(1, 4)]
  return (t, weekday) => {
    const share = t < day ? 0 : Math.min(1, (t - day + 1) / ramp)
    return base(t, weekday) * (1 + size * share * own(t, weekday))
  }
}

/**
 * Someone who works with agents on some workdays and few others; how dear a day is differs by a factor of
 * three either way, and by the project, which lasts for one to five weeks. Now and then nothing for a week.
 */
function developer(dice: Dice): Factor {
  const [often, weekends, spread] = [dice.uniform(0.5, 0.9), dice.uniform(0.05, 0.25), dice.uniform(0.7, 1.2)]
  let [left, size, away] = [0, 1, false]
  return (_, weekday) => {
    if (left-- <= 0) {
      away = dice.uniform() < 0.1
      left = Math.floor(away ? dice.uniform(4, 9) : dice.uniform(7, 35))
      size = Math.exp(0.4 * dice.normal())
    }
    const works = dice.uniform() < (weekday >= 5 ? weekends : often)
    const day = Math.exp(spread * dice.normal() - spread ** 2 / 2)
    return works && !away ? size * day : 0
  }
}

/** Sum of a day's hours, each with noise of its own that lasts for some hours. */
function hours(dice: Dice, profile: (hour: number) => number, sigma: number): () => number {
  let log = 0
  return () => {
    let sum = 0
    for (let hour = 0; hour < 24; hour++) {
      log = 0.8 * log + 0.6 * sigma * dice.normal()
      sum += profile(hour) * Math.exp(log)
    }
    return sum / 24
  }
}

/** Rides of a city: calm days, Saturdays the dearest, some holidays and one storm in four months. */
function taxi(dice: Dice): Factor {
  const weekdays = [0.88, 0.94, 0.98, 1.02, 1.06, 1.14, 0.98].map((one) => one * dice.uniform(0.97, 1.03))
  const day = hours(dice, (hour) => 1 + 0.6 * Math.sin(((hour - 11) * Math.PI) / 12), 0.12)
  const year = drift(dice, 0.02)
  const quiet = new Map<number, number>()
  for (let i = 0; i < 4; i++) {
    const first = Math.floor(dice.uniform(-120, 31))
    const depth = dice.uniform(0.5, 0.85)
    for (let k = 0; k < dice.uniform(1, 3); k++) quiet.set(first + k, depth)
  }
  quiet.set(Math.floor(dice.uniform(-120, 31)), 0.25)
  return (t, weekday) => day() * weekdays[weekday]! * year(t, weekday) * (quiet.get(t) ?? 1)
}

/** Talk about a company: restless days, and about every ten days news that fade within days. */
function tweets(dice: Dice): Factor {
  const weekend = dice.uniform(0.5, 0.8)
  const day = hours(dice, (hour) => 1 + 0.5 * Math.sin(((hour - 9) * Math.PI) / 12), 0.5)
  const level = drift(dice, 0.08)
  const often = dice.uniform(0.05, 0.15)
  let news = 0
  return (t, weekday) => {
    news *= dice.uniform(0.2, 0.6)
    if (dice.uniform() < often) news += 0.4 * dice.uniform(0.05, 1) ** (-1 / 1.6)
    return (weekday >= 5 ? weekend : 1) * day() * level(t, weekday) * (1 + Math.min(news, 12))
  }
}
