/**
 * What was billed for calls. An amount goes to the calls of its period, provider, model, labels and its own kind of
 * tokens, by those tokens; what fits no call is a row of its own, so that all adds up to the bills.
 */
import { besideCalls } from '../domain/costs/basis.js'
import { modelKeySql } from '../domain/costs/billed.js'
import { besideRows } from './beside.js'
import { chargeLabels, charges, grid, labelNames, type ChargeLabel } from './bill-charges.js'
import { dayTable, type BillerDay } from './biller-days.js'
import type { Layer, Statement } from './layer.js'
import { isUnanswered, listCost } from './plain.js'
import { spread, unitsOf, weightOf } from './spread.js'

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

/** Values of labels that bills and calls of a provider have both: a label without any tells nothing. */
const values = (from: string): Statement => ({
  sql: `CREATE TEMP TABLE basis_values AS ${labelNames
    .map(
      (name) =>
        `SELECT DISTINCT provider, '${name}' AS label, ${chargeLabels[name]} AS value FROM ${from}
          WHERE (provider, ${chargeLabels[name]}) IN (SELECT (provider, ${name}) FROM basis_charges WHERE ${name} IS NOT NULL)`,
    )
    .join(' UNION ALL ')}`,
})

/** A label of a call as far as it tells: one that no bill names is none. */
const callLabel = (name: ChargeLabel): string =>
  `CASE WHEN (c.provider, ${chargeLabels[name]}) IN (SELECT (provider, value) FROM basis_values WHERE label = '${name}') THEN ${chargeLabels[name]} ELSE '' END AS ${name}`

/** Calls that a provider was sent, as far as bills reach. */
const calls = (from: string): Statement => ({
  sql: `CREATE TEMP TABLE basis_calls AS
    WITH extents AS (SELECT provider, min(since) AS since, max(until) AS until FROM basis_charges WHERE kind = 'cost' AND fits GROUP BY provider)
    SELECT source, call_id, make_timestamp(epoch_us(ts) // step * step) AS slot, c.provider, coalesce(model, '') AS model,
      ${labelNames.map(callLabel).join(', ')},
      ${Object.entries(kinds)
        .map(([kind, tokens]) => `${tokens} AS ${kind}`)
        .join(', ')},
      coalesce(total_tokens, 0) AS tokens, ${weightOf(`coalesce(${listCost}, 0)`)} AS list_units
    FROM ${from} c JOIN extents e ON c.provider = e.provider AND c.ts >= e.since AND c.ts < e.until, basis_grid
    WHERE cache_hit IS NOT TRUE`,
})

/** A label of a charge as far as it tells: what no call has goes to none, what has none to the calls without. */
const billLabel = (name: string): string =>
  `CASE WHEN (c.provider, '${name}') IN (SELECT (provider, label) FROM basis_values) THEN coalesce(c.${name}, '') ELSE '' END AS ${name}`

const listed = labelNames.join(', ')

/** The charges of a biller that go to the same calls are one pot. */
const groups: Statement = {
  sql: `CREATE TEMP TABLE basis_groups AS
    SELECT row_number() OVER (ORDER BY biller, since, until, provider, key, type, ${listed}) AS pot, *
    FROM (SELECT biller, since, until, provider, key, type, ${listed}, min(model) AS model, min(region) AS region,
        min(own_project) AS own_project, sum(${unitsOf('amount')}) AS units,
        CAST(sum(tokens) AS HUGEINT) AS tokens
      FROM (SELECT c.* EXCLUDE (${listed}), ${labelNames.map(billLabel).join(', ')} FROM basis_charges c)
      WHERE kind = 'cost' AND fits AND amount IS NOT NULL
      GROUP BY biller, since, until, provider, key, type, ${listed})`,
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

const cellKeys = ['slot', 'provider', 'model', ...labelNames] as const

/** Calls that fall under the same charges are of one cell. */
const cells: readonly Statement[] = [
  {
    sql: `CREATE TEMP TABLE basis_cells AS
      SELECT row_number() OVER () AS cell, * FROM (SELECT DISTINCT ${cellKeys.join(', ')} FROM basis_calls)`,
  },
  {
    sql: `CREATE TEMP TABLE basis_placed AS
      SELECT basis_calls.rowid AS place, cell, ${Object.keys(kinds).join(', ')}, tokens, list_units FROM basis_calls JOIN basis_cells
        ON ${cellKeys.map((key) => `basis_calls.${key} = basis_cells.${key}`).join(' AND ')}`,
  },
  {
    // In the order of ids, which says who takes what rounding leaves.
    sql: `CREATE TEMP TABLE basis_numbered AS
      SELECT row_number() OVER (ORDER BY call_id, source) AS n, rowid AS place, source, call_id FROM basis_calls`,
  },
  { sql: 'DROP TABLE basis_calls' },
  {
    // Which tokens of a cell which pot pays: of its model, or of all of the provider where the charge names none.
    sql: `CREATE TEMP TABLE basis_payers AS
      SELECT cell, kind, pot, g.type
      FROM (SELECT c.*, ${soldAs('kind')} AS type
        FROM (SELECT *, ${modelKeySql('model')} AS key, unnest([${[...Object.keys(kinds), 'all'].map((kind) => `'${kind}'`).join(', ')}]) AS kind FROM basis_cells) c) c
      JOIN basis_groups g ON c.provider = g.provider AND c.type = g.type
        AND ${labelNames.map((name) => `c.${name} = g.${name}`).join(' AND ')}
        AND c.slot >= g.since AND c.slot < g.until
      WHERE g.key IN (c.key, '')`,
  },
]

/** By tokens; amounts without a kind of tokens by list cost where all calls of a pot have one, else by tokens. */
const claims: readonly Statement[] = [
  {
    sql: `CREATE TEMP TABLE basis_worth AS
      SELECT pot, bool_and(list_units > 0) AS is_listed FROM basis_placed JOIN basis_payers USING (cell)
      WHERE type = 'all' GROUP BY pot`,
  },
  {
    sql: `CREATE TEMP TABLE basis_claims AS
      SELECT pot, n, weight FROM (
        SELECT pot, place, CAST(sum(CASE WHEN is_listed THEN list_units ELSE amount END) AS BIGINT) AS weight
        FROM (${[...Object.keys(kinds).map((kind) => [kind, kind] as const), ['all', 'tokens'] as const]
          .map(
            ([kind, tokens]) =>
              `SELECT place, pot, ${tokens} AS amount, list_units, type FROM basis_placed JOIN basis_payers USING (cell) WHERE kind = '${kind}' AND (${tokens} > 0 OR type = 'all')`,
          )
          .join(' UNION ALL ')}) LEFT JOIN basis_worth USING (pot)
        GROUP BY pot, place HAVING weight > 0)
      JOIN basis_numbered USING (place)`,
  },
  { sql: 'DROP TABLE basis_placed' },
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
    SELECT g.pot, g.units, CASE WHEN g.type <> 'all' AND coalesce(o.tokens, g.tokens) > 0 THEN least(coalesce(o.tokens, g.tokens), CAST('100000000000000000000' AS HUGEINT)) END AS whole
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

/**
 * Charges of one period, provider, model, kind and labels are a pot (`basis_groups`), calls that fall under the same
 * charges a cell (`basis_cells`), and both meet in `basis_payers`: the cells are few where the calls are millions.
 * Each call then claims of its pots by weight (`basis_claims`), which `spread` turns into costs.
 */
export const billed = (days: readonly BillerDay[] = []): Layer => ({
  prepare: (from) => [
    dayTable(days),
    charges,
    grid,
    values(from),
    calls(from),
    groups,
    named,
    ...cells,
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
})
