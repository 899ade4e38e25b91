/**
 * Batch tier: calls that nobody waits for, at the batch price of their own provider and model.
 *
 * Nobody waits for a call that names neither session nor user, in a log whose other calls do, and that was not
 * streamed (it has no time to the first token); nor for those of a schedule: a feature of one user or none, most of
 * whose calls come in the same minutes of the day on at least five of seven days. A night or a burst alone does not say that
 * nobody waits.
 */
import { dayOfMicros, epochMicros, minuteOfMicros } from '../metrics/dialect.js'
import { counted } from '../domain/words/plurals.js'
import { percent } from '../domain/words/wording.js'
import { reached, succeeded } from './scoped-calls.js'
import type { Asked, Strategy } from './strategy.js'

const day = dayOfMicros(epochMicros('ts'))
const minute = minuteOfMicros(epochMicros('ts'))
const columns = 'call_no, feature, model, cost, input_cost, output_cost, is_alone, is_scheduled'

/** Features most of whose calls come in few minutes of the day, which recur. A day has at most so many of them. */
const slotsADay = 60

function savings({ sql, whatIf }: Asked): string {
  const moved = whatIf(
    [{ provider: null, model: null, tier: 'batch' }],
    'waiting_for_none',
    columns.split(', '),
  )
  return /* sql */ `WITH spans AS (
      SELECT feature AS s_feature, count(DISTINCT ${day}) AS span FROM scoped_calls
      WHERE feature IN (SELECT feature FROM scoped_calls GROUP BY feature HAVING count(DISTINCT user_id) <= 1)
      GROUP BY feature
    ), slots AS (
      SELECT feature, ${minute} AS slot, count(DISTINCT ${day}) AS days, count(*) AS calls FROM scoped_calls
      WHERE feature IN (SELECT s_feature FROM spans) GROUP BY ALL
    ), schedules AS (
      SELECT feature AS s_feature
      FROM slots JOIN spans ON feature = s_feature
      GROUP BY feature
      HAVING max(span) >= 5 AND sum(calls) FILTER (WHERE days * 7 >= 5 * span) * 1000000 >= sum(calls) * ${sql('scheduled')}
        AND count(*) FILTER (WHERE days * 7 >= 5 * span) <= ${slotsADay}
    ), waiting_for_none AS (
      SELECT * FROM (SELECT scoped_calls.*, NOT has_session AND user_id IS NULL AND ttft_ms IS NULL AS is_alone,
          s_feature IS NOT NULL AS is_scheduled
        FROM scoped_calls LEFT JOIN schedules ON feature = s_feature)
      WHERE (is_alone OR is_scheduled) AND coalesce(service_tier, 'standard') NOT IN ('batch', 'flex')
        AND is_listed AND cost > 0 AND ${reached} AND ${succeeded}
    )
    SELECT ${columns}, cost_usd < cost AS is_cheaper,
      CASE WHEN cost_usd < cost THEN CAST(input_cost - (cost_usd - coalesce(list_output_cost_usd, 0)) AS DECIMAL(18,12)) END AS input_saving,
      CASE WHEN cost_usd < cost THEN CAST(output_cost - coalesce(list_output_cost_usd, 0) AS DECIMAL(18,12)) END AS output_saving
    FROM ${moved}`
}

export const batchTier: Strategy = {
  id: 'batch-tier',
  title: 'The batch tier',
  about:
    'Calls that nobody waits for, at the batch price of their own provider and model: those of neither session nor user that were not streamed, and those of a feature of at most one user that runs by a schedule (the same minutes of the day on at least 5 of 7 days). A model without a known batch price saves nothing.',
  needs: [
    {
      field: 'session_id or user_id',
      has: '(session_id IS NOT NULL OR user_id IS NOT NULL)',
      how: 'log the session or the user of calls that somebody waits for',
    },
  ],
  assumptions: [
    {
      name: 'scheduled',
      about: "share of a feature's calls that must come in minutes that recur, for it to be a schedule",
      kind: 'share',
      fallback: '80%',
      least: '50%',
      most: '100%',
    },
  ],
  effort: 'medium',
  confidence: 'medium',
  acts: 'on prices',
  // When a batch runs is not known: the cache may be gone.
  excludes: ['prompt-caching'],
  usesPrices: true,
  by: ['feature', 'model'],
  savings,
  figures: {
    cheaper_calls: 'count(*) FILTER (WHERE is_cheaper)',
    scheduled_calls: 'count(*) FILTER (WHERE is_cheaper AND is_scheduled)',
  },
  change: ({ figures, saving_usd: saving, cost_usd: cost }) => {
    const [cheaper, scheduled] = [Number(figures['cheaper_calls']), Number(figures['scheduled_calls'])]
    const [they, name, run] = cheaper === 1 ? ['it', 'names', 'runs'] : ['they', 'name', 'run']
    const nobody = `${name} neither session nor user`
    const bySchedule = `${run} by a schedule`
    const why = `${they} ${scheduled === cheaper ? bySchedule : scheduled === 0 ? nobody : `${bySchedule}, or ${nobody}`}`
    return `send ${counted(cheaper, 'call')} to the batch tier: ${why}; ${percent(Number(saving) / Number(cost))} cheaper`
  },
  risk: 'a batch may take up to 24 hours, and its results come all at once',
}
