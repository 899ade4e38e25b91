/**
 * Stages of a request: what embedding, retrieval, generation and judging cost and take within a trace. It saves nothing
 * by itself: it tells where to look, and which stages the log lacks.
 */
import { matched, quantile } from '../metrics/dialect.js'
import type { Detail, Strategy } from './strategy.js'

/** By the operation; a judge is known by the name of its feature, endpoint or prompt. */
const stage = `CASE
      WHEN contains(lower(coalesce(operation, '')), 'embed') THEN 'embedding'
      WHEN contains(lower(coalesce(operation, '')), 'rerank') OR contains(lower(coalesce(operation, '')), 'retriev') THEN 'retrieval'
      WHEN ${matched("lower(concat_ws(' ', feature, endpoint, prompt_name))", '(^|[^a-z])(judge|eval|grader|guardrail)', 0)} <> '' THEN 'judge'
      ELSE 'generation' END`

const placed = /* sql */ `placed AS (
      SELECT ${stage} AS stage, trace_id, cost, latency_ms FROM scoped_calls WHERE trace_id IS NOT NULL
    )`

const stages = (): Detail => ({
  id: 'stages',
  title: 'Stages of a request',
  columns: [
    { key: 'stage', title: 'stage', kind: 'text' },
    { key: 'traces', title: 'requests', kind: 'count' },
    { key: 'calls', title: 'calls', kind: 'count' },
    { key: 'cost_usd', title: 'cost', kind: 'usd' },
    { key: 'cost_share', title: 'of all', kind: 'rate' },
    { key: 'mean_trace_cost_usd', title: 'a request', kind: 'usd' },
    { key: 'p50_latency_ms', title: 'p50 ms a call', kind: 'number' },
    { key: 'latency_share', title: 'of all time', kind: 'rate' },
  ],
  sql: /* sql */ `WITH ${placed}
    SELECT stage, count(DISTINCT trace_id) AS traces, count(*) AS calls, sum(cost) AS cost_usd,
      CAST(sum(cost) AS DOUBLE) / nullif(CAST(sum(sum(cost)) OVER () AS DOUBLE), 0) AS cost_share,
      CAST(sum(cost) AS DOUBLE) / nullif(count(DISTINCT trace_id) FILTER (WHERE cost IS NOT NULL), 0) AS mean_trace_cost_usd,
      ${quantile('latency_ms', 0.5)} AS p50_latency_ms,
      CAST(sum(CAST(latency_ms AS DECIMAL(28,6))) AS DOUBLE) / nullif(CAST(sum(sum(CAST(latency_ms AS DECIMAL(28,6)))) OVER () AS DOUBLE), 0) AS latency_share
    FROM placed GROUP BY stage ORDER BY cost_usd DESC NULLS LAST, stage`,
  notes: ['of calls that name a trace; times of calls at once are added up'],
})

/** What a request may have, of which no call is logged. */
const missing = (): Detail => ({
  id: 'missing_stages',
  title: 'Stages without a logged call',
  columns: [{ key: 'text', title: 'stage', kind: 'text' }],
  sql: /* sql */ `WITH ${placed}
    SELECT 'no ' || name || ' calls are logged: their cost is not in this total' AS text
    FROM (VALUES (1, 'embedding'), (2, 'retrieval'), (3, 'judge')) AS known(place, name)
    WHERE name NOT IN (SELECT stage FROM placed) ORDER BY place`,
  notes: ['a stage that you do not have costs nothing'],
})

export const stagesOfRequest: Strategy = {
  id: 'stages',
  title: 'Stages of a request',
  about:
    'What embedding, retrieval, generation and judging cost and take within a trace. It saves nothing by itself: it tells where to look, and which stages the log lacks.',
  needs: [{ field: 'trace_id', how: 'log one id for all calls that answer one request' }],
  assumptions: [],
  effort: 'low',
  confidence: 'high',
  acts: 'on calls',
  isView: true,
  by: ['operation'],
  savings:
    () => /* sql */ `SELECT call_no, operation, cost, input_cost, output_cost, 0 AS input_saving, 0 AS output_saving
    FROM scoped_calls WHERE has_trace`,
  change: () => 'look at the dearest stage first',
  risk: 'none: it is a view',
  details: () => [stages(), missing()],
}
