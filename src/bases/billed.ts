/**
 * What was billed for calls. An amount goes to the calls of its period, provider, model, labels and its own kind of
 * tokens, by those tokens; what fits no call is a row of its own, so that all adds up to the bills.
 */
import { besideCalls } from '../domain/costs/basis.js'
import { isForModels, modelKeySql, paidAmount } from '../domain/costs/billed.js'
import { besideRows } from './beside.js'
import type { Layer, Statement } from './layer.js'
import { isUnanswered, listCost } from './plain.js'
import { spread, unitsOf } from './spread.js'

/** What tells charges of a model apart, with where calls have it. */
const labels = {
  project: 'project',
  workspace: "coalesce(tags['workspace'], tags['workspace_id'], project)",
  api_key: "coalesce(tags['api_key_id'], tags['api_key_name'], tags['api_key'], tags['key_alias'])",
  principal: "coalesce(tags['principal'], tags['iam_principal'], user_id)",
  service_tier: "CASE WHEN speed = 'fast' THEN 'fast' ELSE service_tier END",
} as const

const labelNames = Object.keys(labels) as readonly (keyof typeof labels)[]

/** Kinds of tokens, disjoint; of writes to a cache those for an hour are apart. */
const kinds = {
  input:
    'greatest(coalesce(input_tokens, 0) - coalesce(cache_read_input_tokens, 0) - coalesce(cache_creation_input_tokens, 0), 0)',
  cache_read: 'coalesce(cache_read_input_tokens, 0)',
  cache_write:
    'greatest(coalesce(cache_creation_input_tokens, 0) - coalesce(cache_creation_1h_input_tokens, 0), 0)',
  cache_write_1h: 'coalesce(cache_creation_1h_input_tokens, 0)',
  output: 'coalesce(output_tokens, 0)',
} as const

/** LiteLLM's spend by day is no provider's bill: beside one it would count a second time. */
const isChosen = `(biller <> 'litellm' OR NOT EXISTS (FROM billed WHERE biller <> 'litellm' AND is_llm))`

/** Charges and usage with keys; `key` is empty where no model is named, `type` is `all` where no kind of tokens is. */
const charges: Statement = {
  sql: `CREATE TEMP TABLE basis_charges AS
    SELECT biller, coalesce(provider, biller) AS provider, kind, charge_period_start AS since, charge_period_end AS until,
      coalesce(${modelKeySql('model')}, '') AS key, model, coalesce(token_type, 'all') AS type, region, project AS own_project,
      ${labelNames.map((name) => (name === 'service_tier' ? `nullif(service_tier, 'standard') AS service_tier` : name)).join(', ')},
      charge_category AS category, ${paidAmount} AS amount,
      charge_category IN ('Usage', 'Adjustment') AND (model IS NOT NULL OR token_type IS NOT NULL
        OR (is_llm AND coalesce(billed_model, sku, description) IS NULL)) AS fits,
      CASE WHEN token_type IS NOT NULL AND unit = 'tokens' THEN quantity END AS tokens
    FROM billed
    WHERE ${isForModels} AND ${isChosen} AND (kind = 'usage' OR currency = 'USD')`,
}

/** Calls that a provider was sent, as far as bills reach. */
const calls = (from: string): Statement => ({
  sql: `CREATE TEMP TABLE basis_calls AS
    WITH keys AS (SELECT model, ${modelKeySql('model')} AS key FROM (SELECT DISTINCT model FROM ${from})),
      extents AS (SELECT provider, min(since) AS since, max(until) AS until FROM basis_charges GROUP BY provider)
    SELECT source, call_id, ts, c.provider, coalesce(key, '') AS key, ${labelNames.map((name) => `${labels[name]} AS ${name}`).join(', ')},
      ${Object.entries(kinds)
        .map(([kind, tokens]) => `${tokens} AS ${kind}`)
        .join(', ')},
      coalesce(total_tokens, 0) AS tokens, CAST(coalesce(${listCost}, 0) * 1000000000000 AS HUGEINT) AS list_units
    FROM ${from} c JOIN extents e ON c.provider = e.provider AND c.ts >= e.since AND c.ts < e.until
    LEFT JOIN keys ON c.model = keys.model
    WHERE cache_hit IS NOT TRUE`,
})

/** Values of labels that bills and calls of a provider have both: a label without any tells nothing. */
const values: Statement = {
  sql: `CREATE TEMP TABLE basis_values AS ${labelNames
    .map(
      (name) =>
        `(SELECT provider, '${name}' AS label, ${name} AS value FROM basis_charges WHERE ${name} IS NOT NULL
          INTERSECT SELECT provider, '${name}', ${name} FROM basis_calls WHERE ${name} IS NOT NULL)`,
    )
    .join(' UNION ALL ')}`,
}

/** A label of a bill as far as it tells: a call whose label no bill names is like one without. */
const billLabel = (name: string): string =>
  `CASE WHEN (c.provider, '${name}') IN (SELECT (provider, label) FROM basis_values) THEN coalesce(c.${name}, '') ELSE '' END AS ${name}`

const callLabel = (name: string): string =>
  `CASE WHEN (c.provider, '${name}', c.${name}) IN (SELECT (provider, label, value) FROM basis_values) THEN c.${name} ELSE '' END AS ${name}`

const listed = labelNames.join(', ')

/** The charges that go to the same calls are one pot. */
const groups: Statement = {
  sql: `CREATE TEMP TABLE basis_groups AS
    SELECT row_number() OVER (ORDER BY since, until, provider, key, type, ${listed}) AS pot, *,
      CASE WHEN CAST(since AS DATE) = CAST(until - INTERVAL 1 MICROSECOND AS DATE) THEN CAST(since AS DATE) END AS day
    FROM (SELECT since, until, provider, key, type, ${listed}, min(model) AS model, min(region) AS region,
        min(own_project) AS own_project, any_value(biller) AS biller, sum(${unitsOf('amount')}) AS units,
        CAST(sum(tokens) AS HUGEINT) AS tokens
      FROM (SELECT c.* EXCLUDE (${listed}), ${labelNames.map(billLabel).join(', ')} FROM basis_charges c)
      WHERE kind = 'cost' AND fits AND amount IS NOT NULL
      GROUP BY since, until, provider, key, type, ${listed})`,
}

/** Kinds that bills of a model name: tokens of another kind count as the one that it is sold within. */
const named: Statement = {
  sql: `CREATE TEMP TABLE basis_kinds AS SELECT DISTINCT provider, key, type FROM basis_groups`,
}

const isNamed = (kind: string): string =>
  `((c.provider, c.key, '${kind}') IN (FROM basis_kinds) OR (c.provider, '', '${kind}') IN (FROM basis_kinds))`

const soldAs = (type: string): string => `CASE ${type}
  WHEN 'cache_write_1h' THEN CASE WHEN ${isNamed('cache_write_1h')} THEN 'cache_write_1h' WHEN ${isNamed('cache_write')} THEN 'cache_write' ELSE 'input' END
  WHEN 'cache_write' THEN CASE WHEN ${isNamed('cache_write')} THEN 'cache_write' ELSE 'input' END
  WHEN 'cache_read' THEN CASE WHEN ${isNamed('cache_read')} THEN 'cache_read' ELSE 'input' END
  ELSE ${type} END`

/** Calls by what of them is sold as what; `all` of a call weighs what it is worth. */
const portions: Statement = {
  sql: `CREATE TEMP TABLE basis_portions AS
    SELECT source, call_id, ts, CAST(ts AS DATE) AS day, provider, key, type, ${listed}, sum(tokens) AS tokens, CAST(0 AS HUGEINT) AS list_units
    FROM (SELECT c.source, c.call_id, c.ts, c.provider, c.key, ${labelNames.map(callLabel).join(', ')}, ${soldAs('kind')} AS type, tokens
      FROM (UNPIVOT (SELECT * EXCLUDE (tokens, list_units) FROM basis_calls) ON ${Object.keys(kinds).join(', ')} INTO NAME kind VALUE tokens) c
      WHERE tokens > 0)
    GROUP BY ALL
    UNION ALL
    SELECT c.source, c.call_id, c.ts, CAST(c.ts AS DATE), c.provider, c.key, 'all', ${labelNames.map(callLabel).join(', ')}, c.tokens, c.list_units
    FROM basis_calls c WHERE (c.provider, 'all') IN (SELECT (provider, type) FROM basis_kinds)`,
}

/** Charges of a day meet the calls of their day; of longer periods, all of the model. */
const matched = (isOfDay: boolean, isOfModel: boolean): string =>
  `SELECT g.pot, p.source, p.call_id, p.tokens, p.list_units, g.type FROM basis_portions p JOIN basis_groups g
    ON p.provider = g.provider AND p.type = g.type AND ${labelNames.map((name) => `p.${name} = g.${name}`).join(' AND ')}
    ${isOfModel ? 'AND p.key = g.key' : ''} ${isOfDay ? 'AND p.day = g.day' : ''}
    AND p.ts >= g.since AND p.ts < g.until
    WHERE g.key ${isOfModel ? '<>' : '='} '' AND g.day IS ${isOfDay ? 'NOT ' : ''}NULL`

/** By list cost where all calls of a pot have one, else by tokens. */
const claims: readonly Statement[] = [
  {
    sql: `CREATE TEMP TABLE basis_matches AS ${[true, false]
      .flatMap((isOfDay) => [true, false].map((isOfModel) => matched(isOfDay, isOfModel)))
      .join(' UNION ALL ')}`,
  },
  {
    sql: `CREATE TEMP TABLE basis_claims AS
      WITH worth AS (SELECT pot, type = 'all' AND bool_and(list_units > 0) AS is_listed FROM basis_matches GROUP BY pot, type)
      SELECT pot, source, call_id, CASE WHEN is_listed THEN list_units ELSE tokens END AS weight
      FROM basis_matches JOIN worth USING (pot)
      WHERE CASE WHEN is_listed THEN list_units ELSE tokens END > 0`,
  },
]

/**
 * Pots, with the tokens that each is for: those of the biller's usage export, where there is one, else of the cost
 * export. Of amounts without a kind of tokens it is not known how much of them the calls are.
 */
const pots: Statement = {
  sql: `CREATE TEMP TABLE basis_pots AS
    WITH used AS (
      SELECT c.biller, c.provider, c.key, c.since, c.until, ${soldAs('c.type')} AS type, ${labelNames.map(billLabel).join(', ')},
        CAST(tokens AS HUGEINT) AS tokens
      FROM basis_charges c WHERE kind = 'usage' AND tokens > 0
    ), of_usage AS (
      SELECT g.pot, sum(u.tokens) AS tokens
      FROM basis_groups g JOIN used u ON g.biller = u.biller AND g.provider = u.provider AND g.key = u.key AND g.type = u.type
        AND ${labelNames.map((name) => `g.${name} = u.${name}`).join(' AND ')} AND u.since >= g.since AND u.until <= g.until
      GROUP BY g.pot
    )
    SELECT g.pot, g.units, CASE WHEN g.type <> 'all' THEN least(coalesce(o.tokens, g.tokens), CAST('100000000000000000000' AS HUGEINT)) END AS whole
    FROM basis_groups g LEFT JOIN of_usage o ON g.pot = o.pot`,
}

/** What no call is billed with: of its kind what pots have left, and all other charges by category. */
const beside: Statement = {
  sql: `CREATE TEMP TABLE basis_beside AS ${besideRows(`(
    SELECT since AS ts, provider, model, own_project AS project, region, left_over.units, 'billed' AS basis, '(not in the logs: usage)' AS label
    FROM basis_left AS left_over JOIN basis_groups USING (pot)
    UNION ALL
    SELECT since, provider, model, own_project, region, sum(${unitsOf('amount')}), 'billed', concat('(not in the logs: ', lower(category), ')')
    FROM basis_charges WHERE kind = 'cost' AND NOT fits AND amount IS NOT NULL
    GROUP BY since, provider, model, own_project, region, category)`)}`,
}

export const billed: Layer = {
  prepare: (from) => [
    charges,
    calls(from),
    values,
    groups,
    named,
    portions,
    ...claims,
    pots,
    ...spread,
    beside,
  ],
  over: (from) => {
    const cost = `CASE WHEN cache_hit OR (billed.cost IS NULL AND ${isUnanswered}) THEN 0 ELSE billed.cost END`
    return `SELECT calls.* REPLACE (${cost} AS cost_usd,
        CASE WHEN cache_hit THEN 'response_cache' WHEN billed.cost IS NOT NULL THEN 'billed' WHEN ${isUnanswered} THEN 'no_usage' END AS cost_basis,
        CAST(NULL AS BOOLEAN) AS partly_priced), CAST(NULL AS VARCHAR) AS ${besideCalls}
      FROM ${from} AS calls LEFT JOIN basis_costs AS billed ON calls.source = billed.source AND calls.call_id = billed.call_id
      UNION ALL BY NAME FROM basis_beside`
  },
}
