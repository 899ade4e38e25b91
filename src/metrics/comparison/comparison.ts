/** The figures of two sets of calls side by side, and how many calls both have. */
import { aggregates, figure, type Figures } from '../figures.js'
import type { MeasureName } from '../measures/registry.js'
import type { Query, Whole } from '../query.js'
import { callsBySide, sideCondition, type Sides } from './compared-calls.js'

export interface ComparisonRequest extends Sides {
  readonly measures: readonly MeasureName[]
}

/** At most one row for each side; none for a side without calls. */
export interface ComparisonRow extends Figures {
  readonly is_a: boolean
}

export function comparison({ measures, ...sides }: ComparisonRequest): Query<ComparisonRow> {
  const { sql: calls, params } = callsBySide(sides, '*')
  const sql = /* sql */ `
    WITH calls_by_side AS (${calls}
    ), figures AS (
      SELECT ${['is_a', ...aggregates(measures)].join(', ')} FROM calls_by_side GROUP BY is_a
    )
    SELECT ${['is_a', ...measures.map((name) => `${figure(name, measures, 'figures')} AS ${name}`)].join(', ')}
    FROM figures
    ORDER BY is_a DESC`
  return { sql, params }
}

export interface SharedRow {
  readonly shared_calls: Whole
}

/** Calls that are on both sides. */
export function sharedCalls({ a, b }: Sides): Query<SharedRow> {
  const [first, second] = [sideCondition(a, 'a'), sideCondition(b, 'b')]
  const sql = /* sql */ `
    SELECT count(*) AS shared_calls FROM calls WHERE (${first.sql}) AND (${second.sql})`
  return { sql, params: { ...first.params, ...second.params } }
}
