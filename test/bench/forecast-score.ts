/** How well the forecast does on generated months, beside the week × 30/7 that it is to beat. */
import { forecastCost } from '../../src/forecast/forecast.js'
import { lengthOf } from '../../src/forecast/days.js'
import { generatedMonth, shapes } from './forecast-months.js'

/** Days of the month gone at which it is scored. */
export const points = [7, 15, 22] as const

export interface Score {
  readonly shape: string
  readonly point: number
  readonly months: number
  /** Mean absolute percentage error, 0–1. */
  readonly error: number
  readonly naiveError: number
  /** Share of outcomes within the 80 % interval. */
  readonly held: number
  /** Mean width of the interval over the outcome. */
  readonly width: number
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

export function scoreShape(shape: string, point: number, months: number, firstSeed = 1): Score {
  const results = Array.from({ length: months }, (_, i) => one(shape, point, firstSeed + i))
  return {
    shape,
    point,
    months,
    error: mean(results.map(({ error }) => error)),
    naiveError: mean(results.map(({ naiveError }) => naiveError)),
    held: mean(results.map(({ held }) => (held ? 1 : 0))),
    width: mean(results.map(({ width }) => width)),
  }
}

function one(shape: string, point: number, seed: number) {
  const { days, month } = generatedMonth(shapes[shape]!, seed)
  const own = days.slice(-lengthOf(month))
  const outcome = own.reduce((sum, { cost_usd: cost }) => sum + cost, 0)
  const forecast = forecastCost(days.slice(0, days.length - own.length + point), month)!
  return {
    error: Math.abs(forecast.mean / outcome - 1),
    naiveError: Math.abs(forecast.naive! / outcome - 1),
    held: outcome >= forecast.low && outcome <= forecast.high,
    width: (forecast.high - forecast.low) / outcome,
  }
}

/** All shapes as a Markdown table: errors and interval at each point, over so many months. */
export function forecastTable(months: number): string {
  const heads = points.map((point) => `day ${point}: error, naive, ratio, held`)
  const rows = Object.keys(shapes).map((shape) => {
    const cells = points.map((point) => {
      const { error, naiveError, held } = scoreShape(shape, point, months)
      return [percent(error), percent(naiveError), (error / naiveError).toFixed(2), percent(held)].join('  ')
    })
    return [shape.padEnd(26), ...cells.map((cell, i) => cell.padStart(heads[i]!.length))]
  })
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const title = `Forecasts of ${months} generated months a shape: mean absolute percentage error, that of the last 7 days carried on, and the share of outcomes within the 80 % interval.`
  const rule = ['-'.repeat(26), ...heads.map((head) => `${'-'.repeat(head.length - 1)}:`)]
  return [title, '', ...[['shape'.padEnd(26), ...heads], rule, ...rows].map(line)].join('\n')
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.padStart(6)
