/**
 * Writes the log of a generated product: ten weeks from Monday 2025-09-01, the last six of them judged, as those in
 * fixtures/anomaly-dev are. The same for the same seed; without what was put in it is the same call for call.
 *
 * An hour's calls of a feature are Poisson around its part of the day's × growth × log-normal noise of the day (8 %), of
 * the hour (10 %) and of the feature's hour (20 %). A user's part is his weight × log-normal noise of the day (50 %).
 * A call's cost is log-normal.
 */
import { Dice } from './forecast-months.js'
import { judgedFrom, logHours, profile, usualDay, type Batch, type Plan, type Product } from './products.js'
import type { Event, Labels } from './series.js'

const hourMs = 3_600_000
const begin = Date.parse('2025-09-01T00:00:00Z')

export interface GeneratedLog {
  /** CSV with a head. */
  readonly lines: string[]
  readonly labels: Labels
}

/** @param plans what is put in; without any the log is clean */
export function generatedLog(of: Product, name: string, plans: readonly Plan[]): GeneratedLog {
  const lines = ['timestamp,user,feature,cost_usd']
  const excess = plans.map(() => 0)
  const state = { day: Number.NaN, users: of.weights }
  for (let t = 0; t < logHours; t++) {
    usersOfDay(of, t, state)
    const active = plans.map((plan, i) => ({ plan, i })).filter(({ plan }) => t >= plan.start && t < plan.end)
    for (let f = 0; f < of.features.length; f++) hourOf(of, t, f, state.users, active, excess, lines)
  }
  const iso = (t: number): string => new Date(begin + t * hourMs).toISOString()
  const events = plans.map(({ kind, start, end }, i): Event => {
    const persistent = kind === 'ramp' || kind === 'levelshift'
    return { kind, start_iso: iso(start), end_iso: iso(end), excess_usd: excess[i]!, persistent }
  })
  const meta = { scale: of.size.scale, tz: of.tz }
  return { lines, labels: { series: name, eval_from: iso(judgedFrom), eval_to: iso(logHours), meta, events } }
}

/** Cumulative weights of the users on the day of an hour. */
function usersOfDay(of: Product, t: number, state: { day: number; users: readonly number[] }): void {
  const day = Math.floor((t + of.ahead) / 24)
  if (day === state.day) return
  const dice = new Dice(of.seed * 131 + 7_000_000 + day)
  let sum = 0
  state.users = of.weights.map((weight) => (sum += weight * Math.exp(0.5 * dice.normal())))
  state.day = day
}

/** The calls of a feature in an hour. */
function hourOf(
  of: Product,
  t: number,
  f: number,
  users: readonly number[],
  active: readonly { readonly plan: Plan; readonly i: number }[],
  excess: number[],
  lines: string[],
): void {
  const feature = of.features[f]!
  const dice = new Dice(of.seed * 200_003 + 64 * t + f)
  const [day, common] = [new Dice(of.seed * 17 + Math.floor(t / 24)), new Dice(of.seed * 19 + 9_000_000 + t)]
  const level = (1 + of.growth) ** (t / 168) * Math.exp(0.08 * day.normal() + 0.1 * common.normal())
  const usual = feature.callsADay * profile(of, t)
  const batch = isBatch(of.batch, of, t, f) ? of.batch!.calls * Math.exp(0.1 * dice.normal()) : 0
  const calls = poisson(dice, usual * level * Math.exp(0.2 * dice.normal()) + batch)
  const write = (from: Dice, user?: number, times = 1): number => {
    const usd = times * feature.meanUsd * Math.exp(feature.sigma * from.normal() - feature.sigma ** 2 / 2)
    const ts = new Date(begin + t * hourMs + Math.floor(from.uniform(0, hourMs))).toISOString()
    const who = user ?? chosen(users, from.uniform())
    const cost = Math.max(usd, 0.000001).toFixed(6)
    lines.push(`${ts},user-${String(who).padStart(3, '0')},${feature.name},${cost}`)
    return Number(cost)
  }
  const shift = active.find(({ plan }) => plan.kind === 'levelshift' && plan.feature === f)
  // Dearer calls from then on, as longer prompts or another model make them.
  const times = 1 + ((shift?.plan.size ?? 0) * usualDay(of)) / (feature.callsADay * feature.meanUsd)
  const outage = active.find(({ plan }) => plan.kind === 'outage')
  for (let k = 0; k < calls; k++) {
    const cost = write(dice, undefined, times)
    if (shift !== undefined) excess[shift.i]! += cost * (1 - 1 / times)
    if (outage !== undefined) {
      excess[outage.i]! -= cost
      lines.pop()
    }
  }
  for (const { plan, i } of active) {
    const own = new Dice(of.seed * 23 + 11_000_000 + 4_000_000 * (i + 1) + 64 * t + f)
    const added = poisson(own, addedCalls(of, plan, t, f, usual * level))
    for (let k = 0; k < added; k++) excess[i]! += write(own, plan.user)
  }
}

const isBatch = (batch: Batch | undefined, of: Product, t: number, f: number): boolean =>
  batch !== undefined &&
  batch.feature === f &&
  (t + of.ahead + 24) % 24 === batch.hour &&
  (batch.weekday === undefined || Math.floor((t + of.ahead) / 24) % 7 === batch.weekday)

/** Calls that an event adds to an hour of a feature on the mean. @param usual calls of the hour without it */
function addedCalls(of: Product, plan: Plan, t: number, f: number, usual: number): number {
  if (plan.kind === 'ramp') return usual * ((1 + plan.size) ** ((t - plan.start) / 168) - 1)
  if (plan.feature !== f || plan.kind === 'levelshift' || plan.kind === 'outage') return 0
  const calls = (plan.size * usualDay(of)) / of.features[f]!.meanUsd
  const hours = plan.end - plan.start
  // A user's over the day as everybody's calls, and some at night.
  return plan.kind === 'poweruser'
    ? calls * (0.5 / hours + 0.5 * (24 / hours) * profile(of, t))
    : calls / hours
}

/** The user whose part of the cumulative weights holds this share of them. */
function chosen(cumulative: readonly number[], share: number): number {
  const at = share * cumulative.at(-1)!
  let [low, high] = [0, cumulative.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (cumulative[middle]! > at) high = middle
    else low = middle + 1
  }
  return low
}

/** Poisson: Knuth's for small means, else a rounded normal one. */
function poisson(dice: Dice, mean: number): number {
  if (mean <= 0) return 0
  if (mean > 40) return Math.max(0, Math.round(mean + Math.sqrt(mean) * dice.normal()))
  const least = Math.exp(-mean)
  let [count, product] = [0, dice.uniform()]
  while (product > least) {
    product *= dice.uniform()
    count++
  }
  return count
}
