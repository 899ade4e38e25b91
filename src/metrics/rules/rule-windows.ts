/**
 * What rules measure over the hours up to as-of, and over those up to each of many earlier moments, in one
 * statement. Time is counted in steps of an hour back from as-of: step 0 ends at as-of, step 1 an hour before.
 * Calls are summed up by step once; what a window holds is the sum of its steps. An exact quantile is no sum,
 * and is taken over the calls of those windows alone that can be beyond their bound.
 */
import { asOfParams, hourStep } from './hour-steps.js'
import { timestampText } from '../../domain/words/quoting.js'
import type { Dimension } from '../../domain/dimensions.js'
import { figureOf, type RuleKindName } from '../../domain/rules/rule-kinds.js'
import { amount, sum, type Part } from '../../domain/rules/window-figure.js'
import type { Filter } from '../../domain/scope.js'
import { hourMs } from '../../domain/time/zones.js'
import { instant, quantile, wholeNumbers } from '../dialect.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { columnOf, inFilters } from '../scope.js'

export interface WindowTest {
  /** The kind of rule whose figure it is. */
  readonly kind: RuleKindName
  readonly when: 'over' | 'under' | 'at_least'
  /** Exact decimal. */
  readonly bound: string
  readonly windowHours: number
  readonly minCalls: number
  readonly minUsd: string
  /** cost_spike: hours back to the window compared with. */
  readonly againstHours: number | null
}

export interface RuleWindowsRequest {
  readonly asOf: Date
  /** Moments that are judged: as-of and so many less one before it, an hour apart. */
  readonly steps: number
  readonly filters: readonly Filter[]
  /** Each of its values is judged by itself; null: all calls together. */
  readonly by: Dimension | null
  readonly tests: readonly WindowTest[]
}

/** A window that is beyond a test's bound. */
export interface RuleWindowRow {
  /** Place of the test in the request. */
  readonly test: number
  readonly value: string | null
  readonly step: Whole
  /** Digits: money exactly, other figures as doubles. */
  readonly measured: string
  /** Calls of the window that have what is measured. */
  readonly calls: Whole
  /** Of all its calls. */
  readonly cost_usd: Decimal | null
  /** cost_spike: cost of the window compared with. */
  readonly cost_before_usd: Decimal | null
}

/** Hours before the first step that its window reaches over. */
const reachOfTest = ({ windowHours, againstHours }: WindowTest): number => windowHours + (againstHours ?? 0)

export function ruleWindows(request: RuleWindowsRequest): Query<RuleWindowRow> {
  const { asOf, steps, filters, by, tests } = request
  const reach = Math.max(...tests.map(reachOfTest))
  const depth = steps + reach
  const condition = inFilters(filters)
  const { column, params: own } = by === null ? { column: 'NULL', params: {} } : columnOf(by, 'rule_tag')
  const params: Record<string, Param> = {
    ...condition.params,
    ...own,
    ...asOfParams(asOf),
    read_since: timestampText(new Date(asOf.getTime() - depth * hourMs).toISOString()),
    depth: String(depth),
    steps: String(steps),
  }
  for (const [i, test] of tests.entries()) {
    params[`bound_${i}`] = test.bound
    params[`min_calls_${i}`] = String(test.minCalls)
    params[`min_usd_${i}`] = test.minUsd
  }
  const parts = partsOf(tests)
  const columns = [...parts].map(([name, { sql }]) => `${sql} AS ${name}`)
  const needed = quantilesOf(tests).map(([name, of]) => `, ${of} AS ${name}`)
  const sql = /* sql */ `
    WITH calls_by_step AS (
      SELECT *, CAST(${column} AS VARCHAR) AS value,
        ${hourStep} AS step${needed.join('')}
      FROM calls
      WHERE ts >= ${instant('$read_since')} AND ts < ${instant('$as_of')} AND ${condition.sql}
    ), steps_of_values AS MATERIALIZED (
      SELECT value, step, ${columns.join(', ')} FROM calls_by_step GROUP BY value, step
    ), all_steps AS (
      SELECT known_values.value, steps.step
      FROM (SELECT DISTINCT value FROM steps_of_values) AS known_values,
        ${wholeNumbers('CAST($depth AS BIGINT)')} AS steps(step)
    ), dense_steps AS (
      SELECT all_steps.value, all_steps.step, ${[...parts.keys()].join(', ')}
      FROM all_steps LEFT JOIN steps_of_values
        ON steps_of_values.step = all_steps.step AND steps_of_values.value IS NOT DISTINCT FROM all_steps.value
    ), windows AS MATERIALIZED (
      SELECT value, step, ${windowColumns(tests, parts).join(', ')}
      FROM dense_steps
      WINDOW ${windowFrames(tests).join(', ')}
    )
    SELECT * FROM (${tests.map((test, i) => testSelect(test, i)).join(' UNION ALL ')})
    ORDER BY test, value NULLS FIRST, step`
  return { sql, params }
}

/** Aggregates by step that these tests need, by name. */
function partsOf(tests: readonly WindowTest[]): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>([
    ['calls', sum('count(*)')],
    ['cost_usd', amount('sum(cost_usd)')],
  ])
  for (const { kind } of tests) {
    for (const [name, part] of Object.entries(figureOf(kind).parts)) parts.set(name, part)
  }
  return parts
}

const quantityName = (kind: RuleKindName): string => `${kind}_value`

function quantilesOf(tests: readonly WindowTest[]): readonly (readonly [string, string])[] {
  const names = new Set(tests.map(({ kind }) => kind))
  return [...names].flatMap((name) => {
    const of = figureOf(name).quantile?.of
    return of === undefined ? [] : [[quantityName(name), of] as const]
  })
}

const frameName = (hours: number, against = 0): string => `w${hours}${against === 0 ? '' : `_${against}`}`

/** Distinct windows, and those compared with. */
function spansOf(
  tests: readonly WindowTest[],
): ReadonlyMap<string, readonly [hours: number, against: number]> {
  const spans = new Map<string, readonly [number, number]>()
  for (const { windowHours, againstHours } of tests) {
    spans.set(frameName(windowHours), [windowHours, 0])
    if (againstHours !== null) spans.set(frameName(windowHours, againstHours), [windowHours, againstHours])
  }
  return spans
}

function windowFrames(tests: readonly WindowTest[]): string[] {
  return [...spansOf(tests)].map(([name, [hours, against]]) => {
    const first = against === 0 ? 'CURRENT ROW' : `${against} FOLLOWING`
    return `${name} AS (PARTITION BY value ORDER BY step ROWS BETWEEN ${first} AND ${against + hours - 1} FOLLOWING)`
  })
}

function windowColumns(tests: readonly WindowTest[], parts: ReadonlyMap<string, Part>): string[] {
  return [...spansOf(tests)].flatMap(([frame, [, against]]) => {
    const names = against === 0 ? [...parts.keys()] : ['cost_usd']
    return names.map((name) => {
      const { fold = 'sum', isAmount = false } = parts.get(name) ?? {}
      // A sum of counts is a HUGEINT, which is not what a count is.
      const total = `${fold}(${name}) OVER ${frame}`
      const isCount = fold === 'sum' && !isAmount
      return `${isCount ? `CAST(coalesce(${total}, 0) AS BIGINT)` : total} AS ${frame}_${name}`
    })
  })
}

const compare = { over: '>', under: '<', at_least: '>=' } as const
const decimal = (value: string): string => `CAST(${value} AS DECIMAL(38, 12))`

/** The windows beyond a test's bound; figures of the window are columns of its frame. */
function testSelect(test: WindowTest, i: number): string {
  const { kind, when, windowHours, againstHours } = test
  const figure = figureOf(kind)
  const frame = frameName(windowHours)
  const before = againstHours === null ? 'NULL' : `${frameName(windowHours, againstHours)}_cost_usd`
  const part = (one: string): string =>
    one === 'before' ? before : one === 'quantile' ? 'quantile' : `${frame}_${one}`
  const bound = figure.isMoney ? decimal(`$bound_${i}`) : `CAST($bound_${i} AS DOUBLE)`
  const volume = [
    'step < CAST($steps AS BIGINT)',
    `${frame}_${figure.counted} >= CAST($min_calls_${i} AS BIGINT)`,
    `coalesce(${frame}_cost_usd, 0) >= ${decimal(`$min_usd_${i}`)}`,
  ].join(' AND ')
  const source =
    figure.quantile === undefined ? `windows WHERE ${volume}` : quantileWindows(kind, test, volume, bound)
  const beyond = figure.isBeyond?.(part, `$bound_${i}`, compare[when])
  return /* sql */ `
    SELECT ${i} AS test, value, step, CAST(measured AS VARCHAR) AS measured, calls, cost_usd, cost_before_usd
    FROM (
      SELECT value, step, ${figure.sql(part)} AS measured, ${frame}_${figure.counted} AS calls, ${frame}_cost_usd AS cost_usd,
        ${before} AS cost_before_usd, ${beyond ?? 'NULL'} AS is_beyond
      FROM ${source}
    ) AS measured_windows
    WHERE ${beyond === undefined ? `measured ${compare[when]} ${bound}` : 'is_beyond'}`
}

/** Windows with enough calls whose quantile can be beyond the bound, with it. */
function quantileWindows(
  kind: RuleKindName,
  { windowHours }: WindowTest,
  volume: string,
  bound: string,
): string {
  const { quantile: wanted } = figureOf(kind)
  if (wanted === undefined) throw new Error(`${kind} is no quantile`)
  const frame = frameName(windowHours)
  const possible = wanted.possible((one) => `${frame}_${one}`, bound)
  return /* sql */ `(
        SELECT windows.*, taken.quantile
        FROM windows JOIN (
          SELECT candidates.value, candidates.step, ${quantile(quantityName(kind), wanted.at)} AS quantile
          FROM (
            SELECT value, step, step + hours.after AS call_step
            FROM windows, ${wholeNumbers(String(windowHours))} AS hours(after) WHERE ${volume} AND ${possible}
          ) AS candidates
          JOIN calls_by_step ON calls_by_step.step = candidates.call_step
            AND calls_by_step.value IS NOT DISTINCT FROM candidates.value
          WHERE ${quantityName(kind)} IS NOT NULL
          GROUP BY candidates.value, candidates.step
        ) AS taken ON taken.step = windows.step AND taken.value IS NOT DISTINCT FROM windows.value
      )`
}
