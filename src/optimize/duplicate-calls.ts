/**
 * Waste: the same request twice within seconds, and answers that were cut off and asked for again.
 *
 * A call is a duplicate when the call just before it of the same user, feature, prompt_hash, model and input tokens was made at most
 * `within` before and did not fail. A call that was cut off (finish_reason length or context_exceeded) is waste when the
 * next of the same user, feature and prompt_hash (and, on the same model, input tokens) comes within `again_within`. A call is waste once.
 */
import { epochMicros, fingerprint } from '../metrics/dialect.js'
import { counted } from '../domain/words/plurals.js'
import { count } from '../domain/words/wording.js'
import { inTime, reached, succeeded } from './scoped-calls.js'
import type { Asked, Strategy } from './strategy.js'

const micros = epochMicros('ts')

/** SQL: what was asked, by whom. */
const request = fingerprint(['prompt_no', 'user_id', 'feature'])
const asked = `scoped_calls WHERE has_prompt AND user_id IS NOT NULL AND ${reached} AND ${succeeded}`
const columns = 'call_no, feature, model, cost, input_cost, output_cost, is_cut_off'

/** Prompts that come once need no order of their times. */
function savings({ sql }: Asked): string {
  return /* sql */ `SELECT *, CASE WHEN is_double OR is_cut THEN input_cost END AS input_saving,
      CASE WHEN is_double OR is_cut THEN output_cost END AS output_saving
    FROM (SELECT *, coalesce(same_request AND started - started_before <= ${sql('within')}, FALSE) AS is_double,
        coalesce(is_cut_off AND started_next - started <= ${sql('again_within')}, FALSE) AS is_cut
      FROM (SELECT ${columns}, ${micros} AS started,
          CASE WHEN lag(prompt_no) OVER request = prompt_no THEN lag(${micros}) OVER request END AS started_before, lag(model) OVER request IS NOT DISTINCT FROM model AND lag(input_tokens) OVER request IS NOT DISTINCT FROM input_tokens AS same_request,
          CASE WHEN lead(prompt_no) OVER request = prompt_no AND (lead(model) OVER request IS DISTINCT FROM model OR lead(input_tokens) OVER request IS NOT DISTINCT FROM input_tokens) THEN lead(${micros}) OVER request END AS started_next
        FROM ${asked} AND prompt_no IS NOT NULL
        WINDOW request AS (PARTITION BY ${request} ORDER BY ${inTime})
      UNION ALL BY NAME SELECT ${columns}, FALSE AS same_request FROM ${asked} AND prompt_no IS NULL))`
}

export const duplicateCalls: Strategy = {
  id: 'duplicate-calls',
  title: 'Requests made twice',
  about:
    'The same user asks the same prompt again within seconds, as a double click or two workers do; or an answer was cut off and the request was made once more.',
  needs: [
    { field: 'prompt_hash', how: 'log a hash of the whole request beside each call' },
    { field: 'user_id', how: 'log who asked' },
  ],
  assumptions: [
    {
      name: 'within',
      about: 'a repeat so soon after the first is a duplicate',
      kind: 'duration',
      fallback: '5s',
      most: '10m',
    },
    {
      name: 'again_within',
      about: 'a repeat so soon after an answer that was cut off replaces it',
      kind: 'duration',
      fallback: '10m',
      most: '1d',
    },
  ],
  effort: 'low',
  confidence: 'high',
  acts: 'on calls',
  by: ['feature', 'model'],
  savings,
  figures: {
    double_calls: 'count(*) FILTER (WHERE is_double AND taken > 0)',
    cut_calls: 'count(*) FILTER (WHERE is_cut AND NOT is_double AND taken > 0)',
  },
  change: ({ figures, considered_calls: calls }, value) => {
    const [double, cut] = [Number(figures['double_calls']), Number(figures['cut_calls'])]
    const said = [
      double > 0 &&
        `drop requests that are under way or were answered less than ${value('within').text} ago: ${count(double)} of ${count(calls)} calls`,
      cut > 0 &&
        `give room for the whole answer at once: ${counted(cut, 'answer was', 'answers were')} cut off and asked for again`,
    ]
    return said.filter(Boolean).join('; ')
  },
  risk: 'a user may want another answer to the same prompt: serve the first one only while it is on its way',
}
