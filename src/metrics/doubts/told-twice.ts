/**
 * Calls of coding agents that two accounts seem to tell: their sessions and their telemetry. Where both hold one id
 * a call counts once; others have no id in common, and show by their session and tokens alone that they are the same.
 */
import { sessionTotal } from '../../domain/call.js'
import { agentSources } from '../../domain/costs/agents.js'
import type { Scope } from '../../domain/scope.js'
import { quoteText } from '../../domain/words/quoting.js'
import type { Decimal, Query, Whole } from '../query.js'
import { inScope } from '../scope.js'

export interface ToldTwiceRow {
  /** Calls beside those of the account that has most of them, and totals of sessions beside calls. */
  readonly calls: Whole
  readonly cost_usd: Decimal | null
  /** Two of the accounts by name; null where there is no such call. */
  readonly one: string | null
  readonly other: string | null
}

/** SQL: which account a call is of. Some agents have two that are read as one source. */
const account = `CASE WHEN source = 'gemini-cli' AND latency_ms IS NOT NULL THEN 'gemini-cli telemetry'
  WHEN source = 'copilot' AND trace_id IS NOT NULL THEN 'copilot telemetry' ELSE source END`

export function toldTwice(scope: Scope): Query<ToldTwiceRow> {
  const condition = inScope(scope)
  const isTotal = `operation IS NOT DISTINCT FROM '${sessionTotal}'`
  const sql = /* sql */ `
    WITH told AS (
      SELECT session_id, ${account} AS account, source, ${isTotal} AS is_total, input_tokens, output_tokens, cost_usd
      FROM calls WHERE session_id IS NOT NULL AND coalesce(input_tokens, 0) + coalesce(output_tokens, 0) > 0 AND ${condition.sql}),
    twice AS (
      SELECT session_id FROM told GROUP BY session_id
      HAVING min(account) <> max(account) AND bool_or(source IN (${agentSources.map(quoteText).join(', ')}))),
    accounts AS MATERIALIZED (
      SELECT session_id, account, is_total, coalesce(input_tokens, 0) AS input, coalesce(output_tokens, 0) AS output,
        count(*) AS calls, sum(cost_usd) AS cost_usd
      FROM told WHERE session_id IN (SELECT session_id FROM twice) GROUP BY ALL),
    repeated AS (
      SELECT sum(calls) - max(calls) AS calls, sum(cost_usd) - max(cost_usd) AS cost_usd, min(account) AS one, max(account) AS other
      FROM accounts WHERE NOT is_total GROUP BY session_id, input, output HAVING count(*) > 1
      UNION ALL
      SELECT t.calls, t.cost_usd, least(t.account, min(c.account)), greatest(t.account, max(c.account)) FROM accounts t JOIN accounts c ON c.session_id = t.session_id
      WHERE t.is_total AND NOT c.is_total AND c.account <> t.account GROUP BY t.session_id, t.account, t.input, t.output, t.calls, t.cost_usd)
    SELECT coalesce(sum(calls), 0) AS calls, sum(cost_usd) AS cost_usd, min(one) AS one, max(other) AS other
    FROM repeated`
  return { sql, params: condition.params }
}
