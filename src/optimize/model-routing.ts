/**
 * Model routing: calls that look simple, on a cheaper model.
 *
 * A call looks simple when it is short by its feature's own distribution and in itself, ended by itself (finish_reason
 * stop, or not logged), was a first attempt at a low temperature (or one that is not logged), and was not asked
 * again by the same user within ten minutes. For each feature and model the candidate is chosen that is cheapest
 * on a sample of them; then every one of them is priced on it, as `ingest` would. With shares given, those of a
 * feature that are shortest go to the first candidate, the next to the second, whatever they look like.
 */
import { epochMicros, discreteQuantile, fingerprint, longest, readAnew } from '../metrics/dialect.js'
import { count, percent } from '../domain/words/wording.js'
import { knownCandidates } from './candidates.js'
import { inTime, reached, succeeded } from './scoped-calls.js'
import type { Asked, Candidate, Detail, Strategy } from './strategy.js'

const samples = 16
const own = ['call_id', 'source', 'feature', 'cost', 'input_cost', 'output_cost', 'own_model', 'own_provider']
const limits = ['input_limit', 'output_limit']

const targetsOf = (
  candidates: readonly Candidate[],
): readonly { provider: string; model: string; tier: null }[] =>
  (candidates.length > 0 ? candidates : knownCandidates).map((one) => ({ ...one, tier: null }))

/** `judged`: calls with whether they look simple, and their place in their feature from the shortest on. */
function judged({ sql, value }: Asked): string {
  const quantile = value('quantile').number
  const key = fingerprint(['prompt_hash', 'user_id'])
  const next = `lead(${epochMicros('ts')}) OVER request - ${epochMicros('ts')}`
  return /* sql */ `asked_again AS (
      SELECT call_id AS a_call_id, source AS a_source
      FROM (SELECT call_id, source, lead(prompt_hash) OVER request = prompt_hash AND ${next} <= 600000000 AS is_asked_again
        FROM scoped_calls
        WHERE prompt_hash IS NOT NULL AND user_id IS NOT NULL AND ${key} IN (
          SELECT ${key} FROM scoped_calls WHERE prompt_hash IS NOT NULL AND user_id IS NOT NULL GROUP BY ${key} HAVING count(*) > 1)
        WINDOW request AS (PARTITION BY ${key} ORDER BY ${inTime}))
      WHERE is_asked_again
    ), calls_in_question AS ${readAnew} (
      SELECT *, model AS own_model, provider AS own_provider, ${fingerprint(['call_id', 'source'])} AS mark
      FROM scoped_calls
      WHERE ${reached} AND ${succeeded} AND cost_basis = 'list' AND cost > 0 AND input_tokens IS NOT NULL AND output_tokens IS NOT NULL
    ), norms AS (
      SELECT feature AS n_feature, count(*) AS feature_calls,
        least(${discreteQuantile('input_tokens', quantile)}, ${sql('max_input')}) AS input_limit,
        least(${discreteQuantile('output_tokens', quantile)}, ${sql('max_output')}) AS output_limit
      FROM calls_in_question GROUP BY feature HAVING count(*) >= ${sql('min_calls')}
    ), judged AS (
      SELECT calls_in_question.*, input_limit, output_limit, feature_calls,
        input_tokens <= input_limit AND output_tokens <= output_limit AND coalesce(finish_reason, 'stop') = 'stop'
          AND coalesce(attempt, 1) = 1 AND coalesce(temperature * 1000000 <= ${sql('max_temperature')}, TRUE) AND a_call_id IS NULL AS is_simple
      FROM calls_in_question JOIN norms ON feature IS NOT DISTINCT FROM n_feature
        LEFT JOIN asked_again ON call_id = a_call_id AND source = a_source
    )`
}

/** `placed`: calls, and of simple ones the candidate (`chosen`) that is cheapest for their feature and model, on a sample of them. */
function byPrice({ candidates, whatIf }: Asked): string {
  const isFree = candidates.length > 0
  const trial = whatIf(targetsOf(candidates), 'sampled', own)
  const providers = targetsOf(candidates).map(({ provider }, i) => `WHEN ${i} THEN '${provider}'`)
  return /* sql */ `sampled AS (
      SELECT judged.* FROM judged
        JOIN (SELECT unnest(${longest('mark', samples)}) AS sample_mark FROM judged WHERE is_simple GROUP BY feature, own_provider, own_model)
          ON mark = sample_mark
    ), tried AS (
      SELECT feature, own_provider, own_model, target, sum(cost_usd) AS tried, sum(cost) AS paid
      FROM ${trial} ${isFree ? '' : `WHERE CASE target ${providers.join(' ')} END = own_provider`}
      GROUP BY ALL HAVING count(cost_usd) = count(*)
    ), best AS (
      SELECT feature AS b_feature, own_provider AS b_provider, own_model AS b_model, target AS chosen
      FROM (SELECT *, row_number() OVER (PARTITION BY feature, own_provider, own_model ORDER BY tried, target) AS place FROM tried WHERE tried < paid)
      WHERE place = 1
    ), placed AS ${readAnew} (
      SELECT judged.*, CASE WHEN is_simple THEN chosen END AS chosen
      FROM judged LEFT JOIN best ON feature IS NOT DISTINCT FROM b_feature AND own_provider = b_provider AND own_model = b_model
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
  const { candidates, shares, whatIf } = asked
  const targets = targetsOf(candidates)
  const named = (part: 'provider' | 'model'): string =>
    `CASE target ${targets.map((one, i) => `WHEN ${i} THEN ${asked.bind(`to_${part}_${i}`, one[part])}`).join(' ')} END`
  const [toProvider, toModel] = [named('provider'), named('model')]
  const ways = shares.length > 0 ? byShare(asked) : byPrice(asked)
  const moved = whatIf(targets, '(SELECT * FROM placed WHERE chosen IS NOT NULL)', [
    ...own,
    ...limits,
    'chosen',
  ])
  const kept = [...own, ...limits].join(', ')
  return /* sql */ `WITH ${judged(asked)}, ${ways}, moved AS (
      SELECT ${kept}, ${toProvider} AS to_provider, ${toModel} AS to_model, coalesce(cost_usd < cost, FALSE) AS is_moved,
        cost_usd, coalesce(list_output_cost_usd, 0) AS new_output
      FROM ${moved} WHERE target = chosen
    )
    SELECT ${kept}, own_model AS model, CASE WHEN is_moved THEN to_provider END AS to_provider,
      CASE WHEN is_moved THEN to_model END AS to_model, is_moved, ${shares.length > 0} AS is_by_share,
      CASE WHEN NOT is_moved THEN NULL WHEN new_output <= output_cost AND cost_usd - new_output <= input_cost THEN CAST(input_cost - (cost_usd - new_output) AS DECIMAL(18,12))
        WHEN new_output > output_cost THEN CAST(cost - cost_usd AS DECIMAL(18,12)) ELSE 0 END AS input_saving,
      CASE WHEN NOT is_moved THEN NULL WHEN new_output <= output_cost AND cost_usd - new_output <= input_cost THEN CAST(output_cost - new_output AS DECIMAL(18,12))
        WHEN new_output > output_cost THEN 0 ELSE CAST(cost - cost_usd AS DECIMAL(18,12)) END AS output_saving
    FROM moved
    UNION ALL
    SELECT ${kept}, own_model, NULL, NULL, FALSE, ${shares.length > 0}, NULL, NULL
    FROM placed WHERE chosen IS NULL`
}

/** What all simple calls would cost on each candidate. */
function byCandidate(asked: Asked): Detail {
  const targets = targetsOf(asked.candidates)
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
      FROM (SELECT own_model, cost, target, cost_usd AS new_cost FROM ${asked.whatIf(targets, 'simple', own)})
      GROUP BY ALL HAVING count(new_cost) = count(*) AND sum(new_cost) < sum(cost)
      ORDER BY own_model, candidate_cost_usd, candidate`,
    notes: ['a model that does not price all of them, or is not cheaper, is left out'],
  }
}

/** Where two models answered the same feature and answers have scores: the difference, and its 95 % interval. */
const quality = (): Detail => ({
  id: 'quality',
  title: 'Quality of models in the same feature',
  columns: [
    { key: 'feature', title: 'feature', kind: 'text' },
    { key: 'dearer', title: 'dearer model', kind: 'text' },
    { key: 'cheaper', title: 'cheaper model', kind: 'text' },
    { key: 'scored', title: 'answers with a score', kind: 'count' },
    { key: 'difference', title: 'difference', kind: 'number' },
    { key: 'low', title: 'from', kind: 'number' },
    { key: 'high', title: 'to', kind: 'number' },
  ],
  sql: /* sql */ `WITH scores AS (
      SELECT feature, model, count(*) AS n, avg(score) AS mean, var_samp(score) AS variance, sum(cost) / count(*) AS unit
      FROM (SELECT feature, model, coalesce(quality_score, user_feedback) AS score, cost FROM scoped_calls)
      WHERE score IS NOT NULL AND cost > 0 GROUP BY feature, model HAVING count(*) >= 20
    )
    SELECT a.feature, a.model AS dearer, b.model AS cheaper, a.n + b.n AS scored, b.mean - a.mean AS difference,
      b.mean - a.mean - 1.96 * sqrt(a.variance / a.n + b.variance / b.n) AS low,
      b.mean - a.mean + 1.96 * sqrt(a.variance / a.n + b.variance / b.n) AS high
    FROM scores a JOIN scores b ON a.feature IS NOT DISTINCT FROM b.feature AND b.unit < a.unit
    ORDER BY a.feature, a.model, b.model`,
  notes: [
    'the mean of quality_score, else user_feedback, of the cheaper model less that of the dearer; models with at least 20 scores in a feature, on the calls that they got: not the same ones',
  ],
})

export const modelRouting: Strategy = {
  id: 'model-routing',
  title: 'Simple calls on a cheaper model',
  about:
    'Calls that look simple (short for their feature and in themselves, ended by themselves, a first attempt, not warm, not asked again) are priced on a smaller model of the same provider, or on the --candidates, with the tokens that are logged: another tokenizer counts otherwise. Whether its answers are good enough no log tells that has no scores.',
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
  details: (asked) => [byCandidate(asked), quality()],
}
