/** Who explains the difference of two costs: the groups of one dimension whose cost moved most. */
import { difference, ratio, sideCost, sumUsd } from '../../domain/costs/cost-change.js'
import type { Currency } from '../../domain/costs/currency.js'
import { dimensionNoun, type Dimension } from '../../domain/dimensions.js'
import { sentenceWords } from '../../domain/words/subjects.js'
import { inWords, money, moneyScale } from '../../domain/words/wording.js'
import type { MoverRow } from '../../metrics/comparison/movers.js'
import { changeColumn, column, dimensionColumn } from '../columns.js'
import type { Cell, Column, Finding, Row, Section } from '../report.js'

export interface Moved {
  /** What amounts are in; absent: US dollars. */
  readonly currency?: Currency | undefined
  readonly by: Dimension
  readonly rows: readonly MoverRow[]
  /** Lengths of both sides where figures a day are compared, else null. */
  readonly ms: readonly [a: number, b: number] | null
  /** The sides are of different times: a group on one side alone is new or gone. */
  readonly inTime: boolean
  readonly labels: readonly [a: string, b: string]
}

interface Mover {
  readonly row: MoverRow
  /** Cost of each side, a day where that is compared; null where it has none. */
  readonly a: string | null
  readonly b: string | null
  /** Null where neither side has a cost. */
  readonly difference: string | null
}

/** Groups, others and their total; differences add up to the total's to the last digit. */
export function moversSection(moved: Moved): Section {
  const { by, labels, ms } = moved
  const found = moversOf(moved)
  const daily = ms === null ? '' : 'daily_'
  const [a, b, changed] = [`a_${daily}cost_usd`, `b_${daily}cost_usd`, `difference_${daily}cost_usd`]
  const quiet = found.every((mover) => stateOf(mover, moved) === null)
  const columns: Column[] = [
    dimensionColumn(by),
    column(a, labels[0], 'usd'),
    column(b, labels[1], 'usd'),
    { ...column(changed, 'difference', 'usd'), signed: true },
    changeColumn('cost_change', 'change', 'cost_usd', 2),
    { ...column('state', '', 'text'), ...(quiet ? { dataOnly: true } : {}) },
    { ...column('a_calls', 'calls', 'count'), dataOnly: true },
    { ...column('b_calls', 'calls', 'count'), dataOnly: true },
  ]
  const cells = ({ row, ...mover }: Mover): Row => ({
    [by.key]: row.is_others ? '(others)' : row.value,
    [a]: mover.a,
    [b]: mover.b,
    [changed]: mover.difference,
    cost_change: changeOf(mover.a, mover.b),
    state: stateOf({ row, ...mover }, moved),
    a_calls: row.a_calls,
    b_calls: row.b_calls,
  })
  const [totalA, totalB] = [sumUsd(found.map((one) => one.a)), sumUsd(found.map((one) => one.b))]
  const title = `What moved, by ${dimensionNoun(by)}${ms === null ? '' : ' (cost a day)'}`
  return {
    id: `moved_by_${by.key.replaceAll(/\W/g, '_')}`,
    title,
    columns,
    rows: found.map(cells),
    totals: {
      [a]: totalA,
      [b]: totalB,
      [changed]: difference(totalA, totalB),
      cost_change: changeOf(totalA, totalB),
      a_calls: sumCalls(moved.rows.map((row) => row.a_calls)),
      b_calls: sumCalls(moved.rows.map((row) => row.b_calls)),
    },
  }
}

const sumCalls = (calls: readonly (number | bigint)[]): Cell => {
  const sum = calls.reduce<bigint>((total, one) => total + BigInt(one), 0n)
  return sum <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(sum) : sum
}

/** Groups that changed; one that cost the same on both sides explains nothing. */
function moversOf({ rows, ms }: Moved): Mover[] {
  const a = costs(
    rows.map((row) => row.a_cost_usd),
    ms?.[0] ?? null,
  )
  const b = costs(
    rows.map((row) => row.b_cost_usd),
    ms?.[1] ?? null,
  )
  return rows.map((row, i) => ({
    row,
    a: a[i] ?? null,
    b: b[i] ?? null,
    difference: (a[i] ?? b[i] ?? null) === null ? null : difference(a[i] ?? 0, b[i] ?? 0),
  }))
}

/** Costs a day, rounded so that they add up to the whole cost a day: the last bears what is over. */
function costs(amounts: readonly (string | null)[], ms: number | null): (string | null)[] {
  const daily = amounts.map((amount) => sideCost(amount, ms))
  const last = daily.findLastIndex((amount) => amount !== null)
  if (ms === null || last < 0) return daily
  const whole = sideCost(sumUsd(amounts), ms)
  const rest = difference(whole, sumUsd(daily.filter((_, i) => i !== last)))
  return daily.map((amount, i) => (i === last ? rest : amount))
}

const changeOf = (a: string | null, b: string | null): number | null => {
  const found = a === null ? null : ratio(a, b)
  return found === null ? null : found - 1
}

function stateOf({ row }: Mover, { inTime }: Moved): 'new' | 'gone' | null {
  if (!inTime || row.is_others || Number(row.a_calls) * Number(row.b_calls) > 0) return null
  return Number(row.b_calls) === 0 ? 'new' : 'gone'
}

/** A group must bring about this part of the whole difference to be named in a sentence. */
const namedShare = 0.5

/**
 * The group that explains most of the difference, and the groups that came or went; none where the cost of
 * both sides is the same, or where one group is all there is.
 */
export function moverFindings(moved: Moved): Finding[] {
  const found = moversOf(moved)
  const total = Number(sumUsd(found.map((mover) => mover.difference)))
  const [first] = found
  if (first === undefined || found.length < 2 || first.row.is_others || total === 0) return []
  const share = Number(first.difference) / total
  if (share < namedShare) return []
  return [moverFinding(moved, first, total, share)]
}

function moverFinding(moved: Moved, mover: Mover, total: number, share: number): Finding {
  const { by, ms, currency } = moved
  const name = sentenceWords(by.key, String(mover.row.value ?? '(none)'))
  const state = stateOf(mover, moved)
  const day = ms === null ? '' : ' a day'
  const scale = { ...moneyScale([mover.difference, total], currency), signed: true } as const
  const moves = `${inWords(mover.difference, scale)} of ${inWords(total, scale)}${day} in all`
  const amounts =
    state === 'new'
      ? 'new'
      : state === 'gone'
        ? 'gone'
        : `${money(mover.b ?? 0, currency)} → ${money(mover.a ?? 0, currency)}`
  return {
    kind: 'mover',
    severity: 'info',
    dimension: by.key,
    value: mover.row.value,
    measured: mover.difference,
    bound: null,
    text: `${name} moved most: ${moves} (${amounts}).`,
    touchedUsd: Math.abs(Number(mover.difference)),
    details: { difference_share: share, state },
  }
}
