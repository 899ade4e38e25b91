/**
 * Model routing: calls that look simple, on a cheaper model.
 *
 * A call looks simple when it is short by its feature's own distribution and in itself, ended by itself (finish_reason
 * stop, or not logged), was a first attempt at a low temperature (or one that is not logged), and was not asked
 * again by the same user within ten minutes. For each feature and model the candidate is chosen that is cheapest
 * on a sample of them; then every one of them is priced on it, as `ingest` would. With shares given, those of a
 * feature that are shortest go to the first candidate, the next to the second, whatever they look like.
 */
import { epochMicros, discreteQuantile, fingerprint, readAnew } from '../metrics/dialect.js'
import { count, percent } from '../domain/words/wording.js'
import { modelQuality } from './model-quality.js'
import { byPrice, knownCandidates, movedCalls, own, untiered } from './routing.js'
import { inTime, reached, succeeded } from './scoped-calls.js'
import type { Asked, Candidate, Detail, Strategy } from './strategy.js'

const wanted = (candidates: readonly Candidate[]): readonly Candidate[] =>
  candidates.length > 0 ? candidates : knownCandidates

const limits = ['input_limit', 'output_limit', 'is_by_share']

/** `judged`: calls with whether they look simple, and their place in their feature from the shortest on. */
function judged({ sql, value, shares }: Asked): string {
  const quantile = value('quantile').number
  const next = `lead(${epochMicros('ts')}) OVER request - ${epochMicros('ts')}`
  return /* sql */ `asked_again AS (
      SELECT call_no AS again_no
      FROM (SELECT call_no, lead(prompt_no) OVER request = prompt_no AND ${next} <= 600000000 AS is_asked_again
        FROM scoped_calls WHERE prompt_no IS NOT NULL AND user_id IS NOT NULL
        WINDOW request AS (PARTITION BY ${fingerprint(['prompt_no', 'user_id'])} ORDER BY ${inTime}))
      WHERE is_asked_again
    ), calls_in_question AS ${readAnew} (
      SELECT *, model AS own_model, provider AS own_provider
      FROM scoped_calls
      WHERE ${reached} AND ${succeeded} AND is_listed AND cost > 0 AND input_tokens IS NOT NULL AND output_tokens IS NOT NULL
    ), norms AS (
      SELECT feature AS n_feature, count(*) AS feature_calls,
        least(${discreteQuantile('input_tokens', quantile)}, ${sql('max_input')}) AS input_limit,
        least(${discreteQuantile('output_tokens', quantile)}, ${sql('max_output')}) AS output_limit
      FROM calls_in_question GROUP BY feature HAVING count(*) >= ${sql('min_calls')}
    ), judged AS ${readAnew} (
      SELECT calls_in_question.*, input_limit, output_limit, feature_calls, ${shares.length > 0} AS is_by_share,
        input_tokens <= input_limit AND output_tokens <= output_limit AND has_ended
          AND coalesce(attempt, 1) = 1 AND coalesce(temperature * 1000000 <= ${sql('max_temperature')}, TRUE) AND call_no NOT IN (SELECT again_no FROM asked_again) AS is_simple
      FROM calls_in_question JOIN norms ON feature IS NOT DISTINCT FROM n_feature
    )`
}

/** `placed`: calls, and of the shortest ones of each feature, in shares, to one candidate after the other. */
function byShare({ shares }: Asked): string {
  let upTo = 0n
  const whens = shares.map((share, i) => {
    upTo += share
    return `WHEN place * 1000000 <= feature_calls * ${upTo} THEN ${i}`
  })
  return /* sql */ `placed AS (
      SELECT *, CASE ${whens.join(' ')} END AS chosen
      FROM (SELECT *, row_number() OVER (PARTITION BY feature ORDER BY input_tokens + 4 * output_tokens, mark) AS place FROM judged)
    )`
}

function savings(asked: Asked): string {
  const targets = wanted(asked.candidates)
  const ways = asked.shares.length > 0 ? byShare(asked) : byPrice(asked, targets, asked.candidates.length > 0)
  return movedCalls(asked, targets, `${judged(asked)}, ${ways}`, limits)
}

/** What all simple calls would cost on each candidate. */
function byCandidate(asked: Asked): Detail {
  const targets = wanted(asked.candidates)
  return {
    id: 'candidates',
    title: 'All simple calls of a model, on each candidate',
    columns: [
      { key: 'model', title: 'model', kind: 'text' },
      { key: 'candidate', title: 'on', kind: 'text' },
      { key: 'calls', title: 'calls', kind: 'count' },
      { key: 'cost_usd', title: 'cost', kind: 'usd' },
      { key: 'candidate_cost_usd', title: 'would cost', kind: 'usd' },
      { key: 'saving_usd', title: 'saving', kind: 'usd' },
    ],
    sql: /* sql */ `WITH ${judged(asked)}, simple AS (SELECT * FROM judged WHERE is_simple)
      SELECT own_model AS model, CASE target ${targets
        .map((one, i) => `WHEN ${i} THEN ${asked.bind(`name_${i}`, `${one.provider}/${one.model}`)}`)
        .join(' ')} END AS candidate,
        count(*) AS calls, sum(cost) AS cost_usd, sum(new_cost) AS candidate_cost_usd, sum(cost) - sum(new_cost) AS saving_usd
      FROM (SELECT own_model, cost, target, cost_usd AS new_cost FROM ${asked.whatIf(untiered(targets), 'simple', own)})
      GROUP BY ALL HAVING count(new_cost) = count(*) AND sum(new_cost) < sum(cost)
      ORDER BY own_model, candidate_cost_usd, candidate`,
    notes: ['a model that does not price all of them, or is not cheaper, is left out'],
  }
}

export const modelRouting: Strategy = {
  id: 'model-routing',
  title: 'Simple calls on a cheaper model',
  about:
    'Calls that look simple (short for their feature and in themselves, ended by themselves, a first attempt, not warm, not asked again) are priced on a smaller model of the same provider, or on the --candidates: tokens are taken as logged, though another tokenizer counts otherwise; the prompt cache would have been used as it was; answers would have been as long. Whether its answers are good enough no log tells that has no scores.',
  needs: [
    { field: 'input_tokens', how: "log the input tokens of the response's usage" },
    { field: 'output_tokens', how: "log the output tokens of the response's usage" },
  ],
  assumptions: [
    {
      name: 'quantile',
      about: "a call is short up to this quantile of its feature's input and output",
      kind: 'share',
      fallback: '50%',
      least: '1%',
      most: '100%',
    },
    { name: 'min_calls', about: 'a feature with fewer calls is left alone', kind: 'count', fallback: '20' },
    { name: 'max_input', about: 'and has at most so many input tokens', kind: 'count', fallback: '4000' },
    { name: 'max_output', about: 'and at most so many output tokens', kind: 'count', fallback: '500' },
    {
      name: 'max_temperature',
      about: 'a call with a higher temperature is not simple',
      kind: 'number',
      fallback: '0.7',
      most: '2',
    },
  ],
  effort: 'medium',
  confidence: 'low',
  acts: 'on prices',
  usesPrices: true,
  by: ['feature', 'model'],
  savings,
  figures: {
    moved_calls: 'count(*) FILTER (WHERE is_moved)',
    to_provider: 'min(to_provider)',
    to_model: 'min(to_model)',
    to_models: 'count(DISTINCT to_model)',
    own_provider: 'min(own_provider)',
    calls_by_share: 'count(*) FILTER (WHERE is_by_share)',
    input_limit: 'max(input_limit)',
    output_limit: 'max(output_limit)',
    moved_cost_usd: 'sum(cost) FILTER (WHERE is_moved)',
  },
  change: ({ figures, considered_calls: calls, saving_usd: saving }) => {
    const moved = Number(figures['moved_calls'])
    const to =
      Number(figures['to_models']) > 1
        ? `${count(figures['to_models'])} candidates`
        : String(figures['to_model'])
    return `send ${count(moved)} of ${count(calls)} calls (${percent(moved / Number(calls))}) to ${to}: ${percent(Number(saving) / Number(figures['moved_cost_usd']))} cheaper; ${
      Number(figures['calls_by_share']) > 0
        ? 'the shortest of the feature'
        : `simple is up to ${count(figures['input_limit'])} tokens in and ${count(figures['output_limit'])} out`
    }`
  },
  risk: 'its answers may be worse: send a share first, and compare quality_score and retries with llmcost compare',
  details: (asked) => [byCandidate(asked), modelQuality()],
}
