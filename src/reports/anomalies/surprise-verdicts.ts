/** What each width of an hour was judged by, and why it was flagged or not, for a person to trace. */
import { holds, isFlagged } from '../../anomalies/method/likelihood.js'
import { surpriseBounds, type Condition } from '../../domain/surprise.js'
import type { SurpriseRow } from '../../anomalies/method/explained-hour.js'
import { number, percent, roundUsd } from '../../domain/words/wording.js'

export interface Verdict {
  readonly row: SurpriseRow
  readonly flagged: boolean
  readonly conditions: readonly {
    readonly name: Condition
    readonly measured: number
    readonly bound: number
    readonly holds: boolean
  }[]
}

/** The last digits of a sum of doubles hang on the order in which it was added up: they are not shown. */
export const withoutNoise = (value: number): number => Number(value.toPrecision(12))

export function verdictOf(row: SurpriseRow): Verdict {
  const conditions = (Object.keys(row.conditions) as Condition[]).map((name) => {
    const [measured, bound] = row.conditions[name]
    return {
      name,
      measured: withoutNoise(measured),
      bound: withoutNoise(bound),
      holds: holds(row, name),
    }
  })
  return { row, flagged: isFlagged(row), conditions }
}

const plain = (value: number): string => number(Number(value.toPrecision(3)))

const words: Readonly<Record<Condition, (measured: number, bound: number) => string>> = {
  above: (x, m) => `the hour's own ${roundUsd(x)} is not above its usual ${roundUsd(m)}`,
  stake: (e, least) => `its excess of ${roundUsd(e)} is below the ${roundUsd(least)} that matter`,
  times: (x, m) => `${roundUsd(x)} is not above ${roundUsd(m)}, the usual times what is asked`,
  rest: (e, bound) =>
    `without its worst hour ${roundUsd(e)} of excess are left, not above ${roundUsd(bound)}`,
  recent: (e, bound) => `its last hours have ${roundUsd(e)} of excess, not above ${roundUsd(bound)}`,
  money: (d, bound) => `the money's surprise of ${plain(d)} is not above ${plain(bound)}`,
  calls: (d, bound) => `the calls' surprise of ${plain(d)} is not above ${plain(bound)}`,
  dearest: (e, bound) =>
    `without its dearest call ${roundUsd(e)} of excess are left, not above ${roundUsd(bound)}`,
  explained: (e, bound) => `its further calls explain ${roundUsd(e)}, less than ${roundUsd(bound)}`,
}

/** `6 hours: flagged, by calls and money`, `1 hour: not flagged: …` */
export function verdictText({ row, flagged, conditions }: Verdict): string {
  const hours = row.width === 1 ? '1 hour' : `${row.width} hours`
  if (flagged) {
    const by = conditions.filter(({ name, holds }) => holds && (name === 'calls' || name === 'money'))
    return `${hours}: flagged, by ${by.map(({ name }) => name).join(' and ')}`
  }
  const failing = conditions.filter(({ holds, name }) => !holds && !['dearest', 'explained'].includes(name))
  const rest = failing.length > 0 ? failing : conditions.filter(({ holds }) => !holds)
  return `${hours}: not flagged: ${rest.map(({ name, measured, bound }) => words[name](measured, bound)).join('; ')}`
}

/** How the bounds of the widths are made: `bound: 8 + ln(47 series), less 0, 0, 0.2, 1.1 for large losses`. */
export function boundText(rows: readonly SurpriseRow[]): string {
  const [first] = rows
  if (first === undefined) return ''
  const series = first.series_count
  const alone = first.whole_bound - Math.log(series)
  const less = rows.map(({ discount }) => plain(discount))
  const losses = rows.some(({ discount }) => discount > 0)
    ? `, less ${less.join(', ')} for losses above ${percent(surpriseBounds.stake.day)} of a usual day`
    : ''
  return `bound: ${plain(alone)} + ln(${series} series)${losses}`
}
