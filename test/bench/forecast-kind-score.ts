/** How well the forecast does on kinds of accounts, beside the simple methods, and how often its interval holds. */
import { dayNumber, lengthOf } from '../../src/forecast/days.js'
import { forecastCost } from '../../src/forecast/forecast.js'
import { kinds } from './forecast-kinds.js'
import { Dice, generatedMonth } from './forecast-months.js'
import { simpleMethods } from './simple-forecasts.js'

/** Days of the month gone at which it is scored. */
export const kindPoints = [0, 7, 15] as const

/** Seeds from here on were never used for tuning; those from 1 on were. */
export const heldOutSeed = 500_001

/** One kind of account at one point. */
export interface KindScore {
  readonly kind: string
  readonly point: number
  readonly months: number
  /** Mean absolute percentage error, 0–1. */
  readonly error: number
  /** The same of each simple method, by name. */
  readonly simple: Readonly<Record<string, number>>
  readonly best: string
  /** Share of outcomes within the 80 % interval, below and above it. */
  readonly held: number
  readonly below: number
  readonly above: number
  /** Mean width of the interval over the outcome. */
  readonly width: number
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const mean = (values: readonly number[]): number => sum(values) / values.length

export function scoreKind(kind: string, point: number, months: number, firstSeed = 1): KindScore {
  const results = Array.from({ length: months }, (_, i) => one(kind, point, firstSeed + i))
  const names = Object.keys(results[0]!.simple)
  const simple = Object.fromEntries(names.map((name) => [name, mean(results.map((r) => r.simple[name]!))]))
  return {
    kind,
    point,
    months,
    error: mean(results.map(({ error }) => error)),
    simple,
    best: names.reduce((best, name) => (simple[name]! < simple[best]! ? name : best)),
    held: mean(results.map(({ held }) => (held ? 1 : 0))),
    below: mean(results.map(({ below }) => (below ? 1 : 0))),
    above: mean(results.map(({ above }) => (above ? 1 : 0))),
    width: mean(results.map(({ width }) => width)),
  }
}

/** Days before the month: from four weeks to four months. */
const before = (seed: number): number => Math.floor(new Dice(seed + 77).uniform(28, 121))

function one(kind: string, point: number, seed: number) {
  const { days, month } = generatedMonth(kinds[kind]!, seed, before(seed))
  const length = lengthOf(month)
  const outcome = sum(days.slice(-length).map(({ cost_usd: cost }) => cost))
  const known = days.slice(0, days.length - length + point)
  const costs = known.map(({ cost_usd: cost }) => cost)
  const soFar = point === 0 ? 0 : sum(costs.slice(-point))
  const forecast = forecastCost(known, month)!
  const off = (value: number): number => Math.abs(value / outcome - 1)
  const week = sum(costs.slice(-7)) / 7
  const lastDay = dayNumber(known.at(-1)!.day)
  const simple = Object.entries(simpleMethods).map(([name, method]) => [
    name,
    off(soFar + sum(method(costs, lastDay, length - point))),
  ])
  return {
    error: off(forecast.mean),
    simple: {
      week: off(week * length),
      'week carried on': off(soFar + week * (length - point)),
      ...Object.fromEntries(simple),
    } as Readonly<Record<string, number>>,
    held: outcome >= forecast.low && outcome <= forecast.high,
    below: outcome < forecast.low,
    above: outcome > forecast.high,
    width: (forecast.high - forecast.low) / outcome,
  }
}

/** What nobody can know beforehand is not judged. */
export const isForeseeable = ({ kind, point }: Pick<KindScore, 'kind' | 'point'>): boolean =>
  !(kind === 'launch in the month' && point === 0)

/** All kinds as a Markdown table, on seeds that were never used for tuning. */
export function forecastKindTable(months: number): string {
  const scores = Object.keys(kinds).flatMap((kind) =>
    kindPoints.map((point) => scoreKind(kind, point, months, heldOutSeed)),
  )
  const ratio = ({ error, simple, best }: KindScore): number => error / simple[best]!
  const names = Object.keys(scores[0]!.simple)
  const rows = scores.map((score) => [
    score.kind,
    String(score.point),
    percent(score.error),
    ...names.map((name) => percent(score.simple[name]!)),
    `${ratio(score).toFixed(2)} × ${score.best}`,
    isForeseeable(score) ? percent(score.held) : `(${percent(score.held).trim()})`,
    percent(score.width),
  ])
  const judged = scores.filter(isForeseeable)
  const title = `Forecasts of ${months} generated months a kind with four weeks to four months before them, seeds that were not tuned on: mean absolute percentage error at so many days gone, that of simple methods, the ratio to the best of these, the share of outcomes within the 80 % interval, and its width over the outcome. In brackets: not foreseeable.`
  const end = `Ratio to the best simple method: ${mean(judged.map(ratio)).toFixed(2)} on the mean over rows, ${Math.max(...judged.map(ratio)).toFixed(2)} at most.`
  const heads = ['kind', 'gone', 'error', ...names, 'to the best', 'held', 'width']
  const lines = [heads, heads.map((_, i) => (i === 0 ? '---' : '---:')), ...rows]
  return [title, '', ...lines.map((cells) => `| ${cells.join(' | ')} |`), '', end].join('\n')
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
