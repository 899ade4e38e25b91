/** What would have saved money on the logged calls: asked by `llmcost optimize`. */
import { over, ratioNumber, type Fraction } from '../domain/costs/fraction.js'
import { daysAMonth } from '../domain/scenarios/read-lever.js'
import type { Values } from '../optimize/assumptions.js'
import { combined, type CombinedRow } from '../optimize/combined.js'
import {
  askedOf,
  examples,
  gains,
  gainsSql,
  savingsOf,
  type Asking,
  type ExampleRow,
  type GainRow,
} from '../optimize/gains.js'
import {
  absentColumns,
  coverage,
  forgetCalls,
  forgetWords,
  keepCalls,
  keptCalls,
  makeWords,
  wordsFit,
  wordsOf,
  type CoverageRow,
} from '../optimize/kept-calls.js'
import { scopedCalls, type ScopedCalls } from '../optimize/scoped-calls.js'
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
  /** Where it was asked for and something can be saved. */
  readonly combination?: Combination | undefined
}

/** Several strategies one after another. */
export interface Combination {
  /** In the order in which they were applied. */
  readonly steps: readonly Outcome[]
  readonly row: CombinedRow
}

type Asks = Pick<Question, 'db' | 'scope'>

const hasOf = ({ field, has }: Need): string => has ?? `${field} IS NOT NULL`

async function askCoverage({ db, scope }: Asks, needs: readonly string[]): Promise<CoverageRow> {
  const [measured] = await ask(db, coverage(scope, needs))
  if (measured === undefined) throw new Error('no figures of the calls in scope')
  return measured
}

/** Reads the calls in scope once, for all that `work` asks of them. They are forgotten when it is done. */
async function withKeptCalls<T>(
  { db, scope }: Asks,
  measured: CoverageRow,
  work: (calls: ScopedCalls) => Promise<T>,
  withDetails = false,
): Promise<T> {
  const absent = absentColumns(measured)
  const words = wordsOf(absent)
  try {
    for (const { sql, params } of words.map((name) => makeWords(scope, name))) await db.run(sql, params)
    const [fit] = words.length === 0 ? [] : await ask(db, wordsFit(words))
    const few = new Set(words.filter((name) => fit?.[name] === true))
    const { sql, params } = keepCalls(scope, absent, few, withDetails)
    await db.run(sql, params)
    return await work(keptCalls(absent))
  } finally {
    await db.run(`${forgetCalls};${forgetWords(words)}`)
  }
}

/**
 * @param top how many segments of each strategy
 * @param order of strategies that are to be applied one after another, from what each saves alone
 */
export async function askOptimized(
  question: Pick<Question, 'db' | 'scope' | 'history' | 'asOf'>,
  askings: readonly Asking[],
  top: number,
  order?: (outcomes: readonly Outcome[]) => readonly Outcome[],
): Promise<Optimized> {
  const { scope, asOf, history } = question
  const needs = [...new Set(askings.flatMap(({ strategy }) => strategy.needs.map(hasOf)))]
  const measured = await askCoverage(question, needs)
  const having = (need: Need): number => Number(measured[`n${needs.indexOf(hasOf(need))}`])
  const count = Number(measured.calls)
  const known = askings.map((asking): Outcome => {
    const { needs: own } = asking.strategy
    const lacks = own.filter((need) => having(need) === 0)
    return {
      ...asking,
      lacks,
      coverage: Math.min(1, ...own.map((need) => having(need) / count)),
      segments: [],
    }
  })
  const month = monthOf({ scope, asOf, history })
  const days = ratioNumber(over(daysAMonth, month.factor))
  const found =
    count === 0
      ? { outcomes: known }
      : await withKeptCalls(question, measured, (calls) => askEach(question.db, calls, known, top, order))
  return { measured, month: { ...month, days }, ...found }
}

const takenBy = ({ strategy }: Asking): string => `optimize_taken_${strategy.id.replaceAll('-', '_')}`

async function askEach(
  db: Database,
  calls: ScopedCalls,
  askings: readonly Outcome[],
  top: number,
  order: ((outcomes: readonly Outcome[]) => readonly Outcome[]) | undefined,
): Promise<Pick<Optimized, 'outcomes' | 'combination'>> {
  const outcomes: Outcome[] = []
  try {
    for (const one of askings) {
      const rows =
        one.lacks.length > 0
          ? []
          : order === undefined
            ? await ask(db, gains(one, calls, top))
            : await askKept(db, calls, one, top)
      outcomes.push({
        ...one,
        total: rows.find((row) => row.is_total),
        segments: rows.filter((row) => !row.is_total),
      })
    }
    const steps = order?.(outcomes) ?? []
    const [row] = steps.length === 0 ? [] : await ask(db, combined(steps, calls, steps.map(takenBy)))
    return { outcomes, combination: row && { steps, row } }
  } finally {
    if (order !== undefined)
      await db.run(askings.map((one) => `DROP TABLE IF EXISTS ${takenBy(one)}`).join(';'))
  }
}

/** The same, with what it takes from each call kept in a table for the combination. */
async function askKept(
  db: Database,
  calls: ScopedCalls,
  asking: Asking,
  top: number,
): Promise<readonly GainRow[]> {
  const savings = savingsOf(asking, calls)
  const params = { ...calls.params, ...savings.params }
  try {
    await db.run(`CREATE TEMP TABLE optimize_savings AS WITH ${calls.cte} ${savings.sql}`, params)
    await db.run(`CREATE TEMP TABLE ${takenBy(asking)} AS
      SELECT call_no, input_taken, output_taken FROM optimize_savings WHERE taken > 0`)
    const sql = `WITH ${gainsSql(asking.strategy, 'optimize_savings', top)}`
    return await ask<GainRow>(db, { sql, params: {} })
  } finally {
    await db.run('DROP TABLE IF EXISTS optimize_savings')
  }
}

/** The segments of one strategy, all of them up to a number. */
export async function askSegments(
  question: Asks,
  asking: Asking,
  measured: CoverageRow,
  top: number,
): Promise<readonly GainRow[]> {
  const rows = await withKeptCalls(question, measured, (calls) => ask(question.db, gains(asking, calls, top)))
  return rows.filter((row) => !row.is_total)
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

export async function askExplained(question: Asks, asking: Asking): Promise<Explained> {
  const { db, scope } = question
  const measured = await askCoverage(question, [])
  const found = await withKeptCalls(
    question,
    measured,
    async (calls) => ({
      examples: await ask(db, examples(asking, calls, exampleCount)),
      details: await askDetails(db, calls, asking),
    }),
    true,
  )
  const absent = absentColumns(measured)
  const { sql: named } = gains(asking, { cte: '', params: {}, absent }, 1000)
  return { ...found, ...gains(asking, scopedCalls(scope, absent, named), 1000) }
}

async function askDetails(db: Database, calls: ScopedCalls, asking: Asking): Promise<Explained['details']> {
  const bound: Record<string, Param> = {}
  const asked = askedOf(asking, calls.absent, bound)
  const details: Explained['details'][number][] = []
  for (const detail of asking.strategy.details?.(asked) ?? []) {
    const sql = `WITH ${calls.cte} SELECT * FROM (${detail.sql})`
    const used = Object.entries(bound).filter(([name]) => new RegExp(`\\$${name}\\b`).test(sql))
    const params = { ...calls.params, ...Object.fromEntries(used) }
    details.push({ detail, rows: await ask<Record<string, Param>>(db, { sql, params }) })
  }
  return details
}

/** Strategies with what was typed for them. */
export const askingsOf = (
  strategies: readonly Strategy[],
  values: (strategy: Strategy) => Values,
): Asking[] => strategies.map((strategy) => ({ strategy, values: values(strategy) }))

/** The same with prices where they are used. @param wanted candidates as typed, and the shares of calls for each */
export async function withPrices(
  { db, scope }: Asks,
  askings: readonly Asking[],
  book: PriceBook,
  wanted: { readonly candidates: readonly Candidate[]; readonly shares: readonly bigint[] },
): Promise<Asking[]> {
  const models = await ask<StoredModel>(db, { sql: modelsOf('calls'), params: {} })
  const prices = { book, models, scope, ...wanted }
  return askings.map((asking) => (asking.strategy.usesPrices === true ? { ...asking, prices } : asking))
}
