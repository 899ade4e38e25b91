/** What would have saved money on the logged calls: asked by `llmcost optimize`. */
import { over, ratioNumber, type Fraction } from '../domain/costs/fraction.js'
import { daysAMonth } from '../domain/scenarios/read-lever.js'
import type { Values } from '../optimize/assumptions.js'
import { combined, type CombinedRow } from '../optimize/combined.js'
import {
  askedOf,
  coverage,
  examples,
  gains,
  type Asking,
  type CoverageRow,
  type ExampleRow,
  type GainRow,
} from '../optimize/gains.js'
import { scopedCalls } from '../optimize/scoped-calls.js'
import type { Candidate, Detail, Need, Strategy } from '../optimize/strategy.js'
import type { Database } from '../db/database.js'
import type { Param } from '../metrics/query.js'
import type { PriceBook } from '../pricing/book.js'
import type { StoredModel } from '../pricing/what-if/targets.js'
import { modelsOf } from '../pricing/what-if/what-if-sql.js'
import { ask, type Question } from './question.js'
import { monthOf } from './simulation/month.js'

/** What came of one strategy. */
export interface Outcome extends Asking {
  /** What it needs and no call has: it has no figure then. */
  readonly lacks: readonly Need[]
  /** The smallest share of the calls that have a field it needs, 0–1. */
  readonly coverage: number
  readonly total?: GainRow | undefined
  /** The segments in which it saves most. */
  readonly segments: readonly GainRow[]
}

/** What makes a month of the window, as for `simulate`. */
export interface OptimizedMonth {
  /** Times the amounts of the window. */
  readonly factor: Fraction
  readonly words: string
  /** Days of the window that the log covers. */
  readonly days: number
  readonly warnings: readonly string[]
}

export interface Optimized {
  readonly measured: CoverageRow
  readonly month: OptimizedMonth
  /** As the strategies were asked. */
  readonly outcomes: readonly Outcome[]
}

const hasOf = ({ field, has }: Need): string => has ?? `${field} IS NOT NULL`

/** @param top how many segments of each strategy */
export async function askOptimized(
  { db, scope, history, asOf }: Pick<Question, 'db' | 'scope' | 'history' | 'asOf'>,
  askings: readonly Asking[],
  top: number,
): Promise<Optimized> {
  const needs = [...new Set(askings.flatMap(({ strategy }) => strategy.needs.map(hasOf)))]
  const [measured] = await ask(db, coverage(scope, needs))
  if (measured === undefined) throw new Error('no figures of the calls in scope')
  const having = (need: Need): number => Number(measured[`n${needs.indexOf(hasOf(need))}`])
  const calls = Number(measured.calls)
  const outcomes: Outcome[] = []
  for (const asking of askings) {
    const { needs: own } = asking.strategy
    const lacks = own.filter((need) => having(need) === 0)
    const known = { ...asking, lacks, coverage: Math.min(1, ...own.map((need) => having(need) / calls)) }
    const rows = lacks.length > 0 || calls === 0 ? [] : await ask(db, gains(asking, scope, top))
    outcomes.push({
      ...known,
      total: rows.find((row) => row.is_total),
      segments: rows.filter((row) => !row.is_total),
    })
  }
  const month = monthOf({ scope, asOf, history })
  const days = ratioNumber(over(daysAMonth, month.factor))
  return { measured, month: { ...month, days }, outcomes }
}

/** Several strategies one after another, in this order. @returns undefined where there is none */
export async function askCombined(
  { db, scope }: Pick<Question, 'db' | 'scope'>,
  askings: readonly Asking[],
): Promise<CombinedRow | undefined> {
  if (askings.length === 0) return undefined
  return (await ask(db, combined(askings, scope)))[0]
}

/** What is behind the figure of a strategy. */
export interface Explained {
  readonly examples: readonly ExampleRow[]
  readonly details: readonly {
    readonly detail: Detail
    readonly rows: readonly Readonly<Record<string, Param>>[]
  }[]
  /** The statement that its figure comes from, and what it binds. */
  readonly sql: string
  readonly params: Readonly<Record<string, Param>>
}

const exampleCount = 10

export async function askExplained(
  { db, scope }: Pick<Question, 'db' | 'scope'>,
  asking: Asking,
): Promise<Explained> {
  const bound: Record<string, Param> = {}
  const asked = askedOf(asking, scope, bound)
  const details: Explained['details'][number][] = []
  for (const detail of asking.strategy.details?.(asked) ?? []) {
    const { cte, params } = scopedCalls(scope)
    const sql = `WITH ${cte} SELECT * FROM (${detail.sql})`
    const used = Object.entries(bound).filter(([name]) => new RegExp(`\\$${name}\\b`).test(sql))
    const rows = await ask<Record<string, Param>>(db, {
      sql,
      params: { ...params, ...Object.fromEntries(used) },
    })
    details.push({ detail, rows })
  }
  return {
    examples: await ask(db, examples(asking, scope, exampleCount)),
    details,
    ...gains(asking, scope, 1000),
  }
}

/** Strategies with what was typed for them. */
export const askingsOf = (
  strategies: readonly Strategy[],
  values: (strategy: Strategy) => Values,
): Asking[] => strategies.map((strategy) => ({ strategy, values: values(strategy) }))

/** The same with prices where they are used. @param wanted candidates as typed, and the shares of calls for each */
export async function withPrices(
  db: Database,
  askings: readonly Asking[],
  book: PriceBook,
  wanted: { readonly candidates: readonly Candidate[]; readonly shares: readonly bigint[] },
): Promise<Asking[]> {
  const models = await ask<StoredModel>(db, { sql: modelsOf('calls'), params: {} })
  const prices = { book, models, ...wanted }
  return askings.map((asking) => (asking.strategy.usesPrices === true ? { ...asking, prices } : asking))
}
