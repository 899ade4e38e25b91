/**
 * Calls on other models, for strategies that move them: `judged` calls get a candidate each (`placed`), and each is
 * priced on its own one, as `ingest` would.
 */
import { kept, longest, readAnew } from '../metrics/dialect.js'
import type { Asked, Candidate } from './strategy.js'

/**
 * Small models that simple calls may be sent to, where no others are named. The very smallest, which are cheaper still,
 * are left out: what they answer is another matter.
 */
const names: Readonly<Record<string, readonly string[]>> = {
  openai: ['gpt-4o-mini', 'gpt-4.1-mini', 'gpt-5-mini'],
  azure: ['gpt-4o-mini', 'gpt-4.1-mini'],
  anthropic: ['claude-haiku-4-5'],
  google: ['gemini-2.5-flash'],
  mistral: ['mistral-small-latest'],
  deepseek: ['deepseek-chat'],
}

export const knownCandidates: readonly Candidate[] = Object.entries(names).flatMap(([provider, models]) =>
  models.map((model) => ({ provider, model })),
)

const samples = 16
export const own = ['call_no', 'feature', 'cost', 'input_cost', 'output_cost', 'own_model', 'own_provider']
/** As targets of `whatIf`. */
export const untiered = (
  candidates: readonly Candidate[],
): readonly { provider: string; model: string; tier: null }[] =>
  candidates.map(({ provider, model }) => ({ provider, model, tier: null }))

/**
 * `placed`: calls of `judged`, and of those that are simple the candidate (`chosen`) that is cheapest for their feature
 * and model, on a sample of them.
 * @param anyProvider else a call stays with its own
 */
export function byPrice(
  { whatIf, bind }: Asked,
  candidates: readonly Candidate[],
  anyProvider: boolean,
): string {
  const trial = whatIf(untiered(candidates), 'sampled', own)
  const providers = anyProvider
    ? []
    : candidates.map(({ provider }, i) => `WHEN ${i} THEN ${bind(`of_${i}`, provider)}`)
  return /* sql */ `simple AS ${kept} (
      SELECT * FROM judged WHERE is_simple
    ), sampled AS (
      SELECT simple.* FROM simple
        JOIN (SELECT unnest(${longest('mark', samples)}) AS sample_mark FROM simple GROUP BY feature, own_provider, own_model)
          ON mark = sample_mark
    ), tried AS (
      SELECT feature, own_provider, own_model, target, sum(cost_usd) AS tried, sum(cost) AS paid
      FROM ${trial} ${anyProvider ? '' : `WHERE CASE target ${providers.join(' ')} END = own_provider`}
      GROUP BY ALL HAVING count(cost_usd) = count(*)
    ), best AS (
      SELECT feature AS b_feature, own_provider AS b_provider, own_model AS b_model, target AS chosen
      FROM (SELECT *, row_number() OVER (PARTITION BY feature, own_provider, own_model ORDER BY tried, target) AS place FROM tried WHERE tried < paid)
      WHERE place = 1
    ), placed AS ${readAnew} (
      SELECT simple.*, chosen
      FROM simple LEFT JOIN best ON feature IS NOT DISTINCT FROM b_feature AND own_provider = b_provider AND own_model = b_model
      UNION ALL SELECT judged.*, NULL FROM judged WHERE NOT is_simple
    )`
}

/**
 * A SELECT as `Strategy.savings` wants it, with `to_provider`, `to_model`, `is_moved` and the kept columns.
 * @param ctes SQL up to `placed`: columns of `scoped_calls`, `own_model`, `own_provider`, and `chosen`, a place
 *   among the targets or NULL
 * @param more columns of `placed` to keep
 */
export function movedCalls(
  asked: Asked,
  targets: readonly Candidate[],
  ctes: string,
  more: readonly string[] = [],
): string {
  const { whatIf } = asked
  const named = (part: 'provider' | 'model'): string =>
    `CASE target ${targets.map((one, i) => `WHEN ${i} THEN ${asked.bind(`to_${part}_${i}`, one[part])}`).join(' ')} END`
  const [toProvider, toModel] = [named('provider'), named('model')]
  const moved = whatIf(
    untiered(targets),
    '(SELECT * FROM placed WHERE chosen IS NOT NULL)',
    [...own, ...more],
    't.target = c.chosen',
  )
  const kept = [...own, ...more].join(', ')
  return /* sql */ `WITH ${ctes}, moved AS (
      SELECT ${kept}, ${toProvider} AS to_provider, ${toModel} AS to_model, coalesce(cost_usd < cost, FALSE) AS is_moved,
        cost_usd, coalesce(list_output_cost_usd, 0) AS new_output
      FROM ${moved}
    )
    SELECT ${kept}, own_model AS model, CASE WHEN is_moved THEN to_provider END AS to_provider,
      CASE WHEN is_moved THEN to_model END AS to_model, is_moved,
      CASE WHEN NOT is_moved THEN NULL WHEN new_output <= output_cost AND cost_usd - new_output <= input_cost THEN CAST(input_cost - (cost_usd - new_output) AS DECIMAL(18,12))
        WHEN new_output > output_cost THEN CAST(cost - cost_usd AS DECIMAL(18,12)) ELSE 0 END AS input_saving,
      CASE WHEN NOT is_moved THEN NULL WHEN new_output <= output_cost AND cost_usd - new_output <= input_cost THEN CAST(output_cost - new_output AS DECIMAL(18,12))
        WHEN new_output > output_cost THEN 0 ELSE CAST(cost - cost_usd AS DECIMAL(18,12)) END AS output_saving
    FROM moved
    UNION ALL
    SELECT ${kept}, own_model, NULL, NULL, FALSE, NULL, NULL
    FROM placed WHERE chosen IS NULL`
}
