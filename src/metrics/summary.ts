/** The figures of a window beside those of the window before it, in one scan. */
import type { Scope, Window } from '../domain/scope.js'
import { instant } from './dialect.js'
import { routed, type Grain } from '../rollups/router.js'
import { aggregates, figure, isAdditive, type Figures } from './figures.js'
import type { MeasureName } from './measures/registry.js'
import type { Query } from './query.js'
import { inScope } from './scope.js'

export interface SummaryRequest {
  readonly scope: Scope
  /** Ends where the scope begins; null: no comparison. */
  readonly before: Window | null
  readonly measures: readonly MeasureName[]
}

/** At most one row for each of the two windows; none for a window without calls. */
export interface SummaryRow extends Figures {
  readonly is_current: boolean
}

export function summary(request: SummaryRequest): Query<SummaryRow> {
  const { scope, before, measures } = request
  const asks = {
    scope: before === null ? scope : { ...scope, since: before.since },
    instants: [scope.since],
    additive: measures.every(isAdditive),
    users: measures.every((name) => isAdditive(name) || name === 'users'),
  }
  return routed(asks, (grain) => summaryOver(grain, request))
}

function summaryOver({ from, part }: Grain, { scope, before, measures }: SummaryRequest): Query<SummaryRow> {
  const whole = inScope(before === null ? scope : { ...scope, since: before.since })
  const compared = before !== null && scope.since !== null
  const begin = compared ? inScope({ ...scope, until: null, filters: [] }).params['since'] : undefined
  const sql = /* sql */ `
    WITH calls_by_window AS (
      SELECT *, ${compared ? `ts >= ${instant('$begin')}` : 'TRUE'} AS is_current FROM ${from} WHERE ${whole.sql}
    ), figures AS (
      SELECT ${['is_current', ...aggregates(measures, part)].join(', ')} FROM calls_by_window GROUP BY is_current
    )
    SELECT ${['is_current', ...measures.map((name) => `${figure(name, measures, 'figures')} AS ${name}`)].join(', ')}
    FROM figures`
  return { sql, params: { ...whole.params, ...(begin === undefined ? {} : { begin }) } }
}
