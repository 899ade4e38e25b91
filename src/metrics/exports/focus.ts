/**
 * Charges by the FinOps FOCUS specification: a row for each UTC day, SKU (provider, model, what is counted),
 * unit price and combination of tags. What costs is in it and nothing else: calls without a price have no
 * amount to state, and a response-cache hit that cost nothing is no charge.
 *
 * A call's list cost has parts, each rounded once (see pricing); a part may be the sum of several counts at
 * prices of their own. Costs of the rows of a part add up to the part's exactly: the last row takes what
 * rounding leaves. Where the prices at hand do not explain a part (they changed after the calls were priced),
 * the part is one row at its mean price.
 */
import type { Dimension } from '../../domain/dimensions.js'
import { factorOf } from '../../domain/costs/contract-sql.js'
import type { ContractTerm } from '../../domain/costs/contract.js'
import { modeOf } from '../../domain/modes.js'
import { rateJoin, unitRates } from '../../domain/costs/rate-sql.js'
import { priceNames, type PriceName } from '../../domain/costs/rate.js'
import type { Scope } from '../../domain/scope.js'
import { billedRows, coveredSpans, isUncovered } from './focus-billed.js'
import { focusColumns, type FocusVersion } from './focus-columns.js'
import type { Param, Query } from '../query.js'
import { columnOf, inScope } from '../scope.js'

export interface FocusRequest {
  readonly version: FocusVersion
  readonly scope: Scope
  /** Go into the tags, under their names. */
  readonly by: readonly Dimension[]
  /** Billing account by provider id; '' for all others. */
  readonly accounts: Readonly<Record<string, string>>
  /** Terms of contracts, for what list prices leave. */
  readonly contracts?: readonly ContractTerm[]
  /** Charges of bills in place of the calls that they cover. */
  readonly billed?: boolean
}

const known = (name: string): string => `coalesce(${name}, 0)`
const writes = `greatest(${known('cache_creation_input_tokens')}, ${known('cache_creation_1h_input_tokens')})`
const uncached = `greatest(${known('input_tokens')} - ${known('cache_read_input_tokens')} - ${writes}, 0)`
const cachedAudio = `least(${known('cache_read_audio_input_tokens')}, ${known('cache_read_input_tokens')})`
const audioIn = `least(greatest(${known('input_audio_tokens')} - ${cachedAudio}, 0), ${uncached})`
const imageIn = `least(${known('input_image_tokens')}, ${uncached} - ${audioIn})`
const videoIn = `least(${known('input_video_tokens')}, ${uncached} - ${audioIn} - ${imageIn})`
const audioOut = `least(${known('output_audio_tokens')}, ${known('output_tokens')})`
const imageOut = `least(${known('output_image_tokens')}, ${known('output_tokens')} - ${audioOut})`
const reasoning = `CASE WHEN u_reasoning_output_price IS NULL THEN 0 ELSE least(${known('reasoning_output_tokens')}, ${known('output_tokens')} - ${audioOut} - ${imageOut}) END`

interface Component {
  /** The column of `calls` with the part of the list cost that it belongs to. */
  readonly part: string
  readonly meter: string
  readonly count: string
  readonly price: PriceName | readonly [PriceName, PriceName]
  readonly unit: 'Tokens' | 'Requests'
}

/** What is counted and billed, as pricing does it. */
const components: readonly Component[] = [
  {
    part: 'list_input_cost_usd',
    meter: 'Input Tokens',
    count: `${uncached} - ${audioIn} - ${imageIn} - ${videoIn}`,
    price: 'input_price',
    unit: 'Tokens',
  },
  {
    part: 'list_cache_read_cost_usd',
    meter: 'Cache Read Tokens',
    count: `${known('cache_read_input_tokens')} - ${cachedAudio}`,
    price: 'cache_read_price',
    unit: 'Tokens',
  },
  {
    part: 'list_cache_read_cost_usd',
    meter: 'Cache Read Audio Tokens',
    count: cachedAudio,
    price: ['cache_read_audio_price', 'cache_read_price'],
    unit: 'Tokens',
  },
  {
    part: 'list_cache_write_cost_usd',
    meter: 'Cache Write Tokens',
    count: `${writes} - ${known('cache_creation_1h_input_tokens')}`,
    price: 'cache_write_price',
    unit: 'Tokens',
  },
  {
    part: 'list_cache_write_cost_usd',
    meter: 'Cache Write 1 Hour Tokens',
    count: known('cache_creation_1h_input_tokens'),
    price: 'cache_write_1h_price',
    unit: 'Tokens',
  },
  {
    part: 'list_output_cost_usd',
    meter: 'Output Tokens',
    count: `${known('output_tokens')} - ${audioOut} - ${imageOut} - (${reasoning})`,
    price: 'output_price',
    unit: 'Tokens',
  },
  {
    part: 'list_output_cost_usd',
    meter: 'Reasoning Tokens',
    count: reasoning,
    price: 'reasoning_output_price',
    unit: 'Tokens',
  },
  {
    part: 'list_other_cost_usd',
    meter: 'Input Audio Tokens',
    count: audioIn,
    price: ['input_audio_price', 'input_price'],
    unit: 'Tokens',
  },
  {
    part: 'list_other_cost_usd',
    meter: 'Input Image Tokens',
    count: imageIn,
    price: ['input_image_price', 'input_price'],
    unit: 'Tokens',
  },
  {
    part: 'list_other_cost_usd',
    meter: 'Input Video Tokens',
    count: videoIn,
    price: ['input_video_price', 'input_price'],
    unit: 'Tokens',
  },
  {
    part: 'list_other_cost_usd',
    meter: 'Output Audio Tokens',
    count: audioOut,
    price: ['output_audio_price', 'output_price'],
    unit: 'Tokens',
  },
  {
    part: 'list_other_cost_usd',
    meter: 'Output Image Tokens',
    count: imageOut,
    price: ['output_image_price', 'output_price'],
    unit: 'Tokens',
  },
  {
    part: 'list_other_cost_usd',
    meter: 'Requests',
    count: `CASE WHEN u_request_price > 0 AND NOT (coalesce(status = 'error', false) AND ${known('input_tokens')} = 0 AND ${known('output_tokens')} = 0) THEN 1 ELSE 0 END`,
    price: 'request_price',
    unit: 'Requests',
  },
  {
    part: 'list_other_cost_usd',
    meter: 'Web Search Requests',
    count: known('web_search_requests'),
    price: 'web_search_price',
    unit: 'Requests',
  },
  {
    part: 'list_other_cost_usd',
    meter: 'File Search Requests',
    count: known('file_search_requests'),
    price: 'file_search_price',
    unit: 'Requests',
  },
]

const parts = [...new Set(components.map(({ part }) => part))]

/** SQL: cost over quantity to 22 places, rounded down, in whole numbers: a division would make it a double. */
const quotient = (cost: string, count: string, each: number): string =>
  `CAST(CAST(${cost} * 1000000000000 AS HUGEINT) * CAST(${each}0000000000 AS HUGEINT) // CAST(${count} AS HUGEINT) AS DECIMAL(38,0))
    * CAST(0.0000000000000000000001 AS DECIMAL(22,22))`

const unitPrice = (price: Component['price']): string =>
  `coalesce(${[price]
    .flat()
    .map((name) => `u_${name}`)
    .join(', ')})`

export function focus({
  version,
  scope,
  by,
  accounts,
  contracts = [],
  billed = false,
}: FocusRequest): Query<unknown> {
  const columns = focusColumns(version, billed)
  const condition = inScope(scope)
  const { tags, params: tagParams } = tagsOf(by)
  const rateKeys = ['band_lo', 'minute_lo', 'minute_hi', ...priceNames.map((name) => `u_${name}`)]
  const sql = /* sql */ `
    WITH ${billed ? `covered_spans AS (${coveredSpans}), ` : ''}charged_calls AS (
      SELECT CAST(ts AS DATE) AS day, *, ${modeOf('calls')} AS mode,
        coalesce(cost_basis = 'list', false) AS is_listed, ${tags} AS focus_tags, ${factorOf(contracts)} AS contract_factor
      FROM calls
      WHERE cost_usd IS NOT NULL AND (cost_basis IN ('list', 'reported') OR cost_usd <> 0) AND ${condition.sql}${billed ? ` AND ${isUncovered}` : ''}
    ), listed_groups AS (
      SELECT row_number() OVER () AS group_number, *
      FROM (
        SELECT c.day, c.provider, c.model, c.mode, c.focus_tags, c.contract_factor, ${rateKeys.map((key) => `r.${key}`).join(', ')}, count(*) AS calls,
          ${parts.map((part) => `coalesce(sum(c.${part}), 0) AS ${part}`).join(', ')},
          ${components.map(({ count }, i) => `sum(${count}) AS count_${i}`).join(',\n          ')}
        FROM charged_calls c LEFT JOIN (${unitRates('rates')}) r ON ${rateJoin('c', 'r')}
        WHERE c.is_listed
        GROUP BY ALL)
    ), components AS (
      ${components.map(componentSql).join('\n      UNION ALL ')}
    ), explained AS (
      SELECT *, ${explainedCost} AS own_cost,
        sum(count) OVER part_rows > 0 AND abs(sum(${explainedCost}) OVER part_rows - part_cost)
          <= CAST(calls AS DECIMAL(19,0)) * 0.000000000002 AS is_explained,
        row_number() OVER (part_rows ORDER BY component DESC) = 1 AS is_last,
        sum(count) OVER part_rows AS part_count
      FROM components
      WHERE (count > 0 AND price IS NOT NULL) OR (is_main AND part_cost <> 0)
      WINDOW part_rows AS (PARTITION BY group_number, part)
    ), listed_charges AS (
      SELECT day, provider, model, mode, focus_tags, contract_factor, band_lo, minute_lo, minute_hi, meter, unit AS consumed_unit,
        CASE unit WHEN 'Tokens' THEN '1000000 Tokens' ELSE '1000 Requests' END AS pricing_unit,
        CASE unit WHEN 'Tokens' THEN 1000000 ELSE 1000 END AS each,
        count AS quantity,
        CASE WHEN is_last THEN part_cost - (sum(own_cost) OVER (PARTITION BY group_number, part) - own_cost) ELSE own_cost END AS list_cost,
        CASE unit WHEN 'Tokens' THEN price ELSE price * 0.001 END AS known_price
      FROM explained
      WHERE is_explained AND count > 0
      UNION ALL
      SELECT day, provider, model, mode, focus_tags, contract_factor, band_lo, minute_lo, minute_hi, meter, unit,
        CASE unit WHEN 'Tokens' THEN '1000000 Tokens' ELSE 'Requests' END, CASE unit WHEN 'Tokens' THEN 1000000 ELSE 1 END,
        quantity, part_cost, NULL
      FROM (
        SELECT * REPLACE (
            CASE WHEN is_countable THEN unit ELSE 'Requests' END AS unit, CASE WHEN is_countable THEN meter ELSE 'Requests' END AS meter),
          CASE WHEN is_countable THEN part_count ELSE calls END AS quantity
        FROM (SELECT *, part_count > 0 AND part <> 'list_other_cost_usd' AS is_countable FROM explained)
        WHERE NOT is_explained AND is_last)
    ), charges AS (
      SELECT day, provider, model, mode, focus_tags, contract_factor, band_lo, minute_lo, minute_hi, meter, 'list' AS cost_basis, consumed_unit,
        pricing_unit, quantity AS consumed, quantity, each, list_cost, list_cost AS billed_cost, known_price
      FROM listed_charges
      UNION ALL
      SELECT day, provider, model, mode, focus_tags, 1, NULL, NULL, NULL, 'Requests', 'reported', 'Requests', 'Requests', count(*), count(*), 1,
        CASE WHEN is_priced THEN sum(list_cost_usd) ELSE sum(cost_usd) END, sum(cost_usd), NULL
      FROM (SELECT *, list_cost_usd IS NOT NULL AS is_priced FROM charged_calls WHERE NOT is_listed)
      GROUP BY day, provider, model, mode, focus_tags, is_priced
    ), named_charges AS (
      SELECT *, focus_tags AS tags, CAST(consumed AS DECIMAL(38,6)) AS consumed_quantity,
        CAST(quantity AS DECIMAL(19,0)) * CASE each WHEN 1000000 THEN 0.000001 WHEN 1000 THEN 0.001000 ELSE 1.000000 END AS pricing_quantity,
        coalesce(CAST(known_price AS DECIMAL(38,22)), ${quotient('list_cost', 'quantity', 1)} * each) AS list_unit_price,
        concat_ws('/', coalesce(provider, 'unknown'), coalesce(model, 'unknown'), replace(lower(meter), ' ', '-')) AS sku_id
      FROM charges
    ), priced_charges AS (
      SELECT *, CASE WHEN contract_factor <> 1 THEN CAST(list_cost * contract_factor AS DECIMAL(38,12)) ELSE billed_cost END AS contracted_cost,
        CASE WHEN contract_factor <> 1 THEN CAST(list_unit_price * contract_factor AS DECIMAL(38,22))
          WHEN billed_cost = list_cost THEN list_unit_price ELSE ${quotient('billed_cost', 'quantity', 1)} * each END AS contracted_unit_price,
        concat_ws('/', sku_id, replace(mode, ' ', '-'), CASE WHEN band_lo >= 0 THEN concat('above-', band_lo) END,
          CASE WHEN minute_lo > 0 OR minute_hi < 1440 THEN concat('minute-', minute_lo, '-', minute_hi) END,
          CASE WHEN cost_basis = 'reported' THEN 'reported' END) AS sku_price_id,
        from_json(CAST($accounts AS JSON), '"MAP(VARCHAR, VARCHAR)"') AS accounts
      FROM named_charges
    )
    SELECT ${columns.map(({ name, sql: value, type }) => `CAST(${value} AS ${type}) AS "${name}"`).join(',\n      ')}
    FROM priced_charges
    ${billed ? `UNION ALL ${billedRows(scope, columns)}` : ''}
    ORDER BY "ChargePeriodStart", "SkuPriceId", "x_CostBasis", "Tags" NULLS FIRST, "ListUnitPrice", "ListCost", "ContractedCost"`
  return { sql, params: { ...condition.params, ...tagParams, accounts: JSON.stringify(accounts) } }
}

const explainedCost = 'coalesce(CAST(CAST(count AS DECIMAL(19,0)) * price * 0.000001 AS DECIMAL(38,12)), 0)'

/** One component of every group, with the cost of its part and the calls of its group. */
function componentSql({ part, meter, price, unit }: Component, i: number): string {
  const main = components.findIndex((one) => one.part === part) === i
  return `SELECT group_number, day, provider, model, mode, focus_tags, contract_factor, band_lo, minute_lo, minute_hi, calls,
        '${part}' AS part, ${part} AS part_cost, ${i} AS component, ${main} AS is_main, '${meter}' AS meter, '${unit}' AS unit,
        count_${i} AS count, ${unitPrice(price)} AS price
      FROM listed_groups`
}

/** SQL: the dimensions that a call has as a JSON object, NULL for none; their names are ours or bound. */
function tagsOf(by: readonly Dimension[]): { tags: string; params: Record<string, Param> } {
  if (by.length === 0) return { tags: 'CAST(NULL AS VARCHAR)', params: {} }
  const params: Record<string, Param> = {}
  const pairs = by.map((dimension, i) => {
    const { column, params: own } = columnOf(dimension, `focus_tag_${i}`)
    params[`focus_key_${i}`] = dimension.kind === 'tag' ? dimension.tag : dimension.key
    Object.assign(params, own)
    return `{'key': CAST($focus_key_${i} AS VARCHAR), 'value': CAST(${column} AS VARCHAR)}`
  })
  const present = `list_filter([${pairs.join(', ')}], lambda t: t.value IS NOT NULL)`
  return {
    tags: `CASE WHEN len(${present}) > 0 THEN CAST(to_json(map_from_entries(${present})) AS VARCHAR) END`,
    params,
  }
}
