/**
 * What the providers' prompt caches saved and what they cost, by group and by feature and model.
 *
 * saving = what the cache reads would have cost at the uncached input price − what they cost
 * extra  = what the cache writes cost − what these tokens would have cost at the uncached input price
 * net    = saving − extra, all at list prices.
 *
 * Hits of the response cache reached no provider and are left out. The input price of a call is that of the
 * rate which prices it, for its time, size and service tier. Rates may have changed since a call was
 * priced, so a call counts only where its rate yields exactly the parts of the list cost that are stored;
 * the others are counted apart: a wrong saving is worse than none.
 */
import { convertedColumns } from '../../domain/costs/currency.js'
import { rateJoin, unitRates } from '../../domain/costs/rate-sql.js'
import type { Scope } from '../../domain/scope.js'
import { attempted, wholeQuotient } from '../dialect.js'
import { labels, placedCalls, type GroupKeys, type GroupRequest } from '../groups.js'
import type { Decimal, Query, Whole } from '../query.js'

/** Groups in order, then the others, then pairs of feature and model, then the total. */
export interface PromptCacheRow extends GroupKeys {
  /** A row of one feature and model, not of a group. */
  readonly is_pair: boolean
  readonly feature: string | null
  readonly model: string | null
  /** Provider calls that log their use of the prompt cache. */
  readonly prompt_cache_calls: Whole
  readonly prompt_cache_read_tokens: Whole | null
  readonly prompt_cache_write_tokens: Whole | null
  /** Of the input tokens of calls that log their cache reads, 0–1. */
  readonly prompt_cache_read_share: number | null
  /** USD; NULL where no price is known. */
  readonly prompt_cache_read_cost_usd: Decimal | null
  readonly prompt_cache_write_cost_usd: Decimal | null
  readonly prompt_cache_saving_usd: Decimal | null
  readonly prompt_cache_write_extra_usd: Decimal | null
  readonly prompt_cache_net_saving_usd: Decimal | null
  /** Calls whose saving is not known; in none of the amounts. */
  readonly prompt_cache_unvalued_calls: Whole
  /** Calls whose cache reads cost as much as other input: no discount, or none that is known. */
  readonly prompt_cache_undiscounted_calls: Whole
  /** Calls that read a cache whose writes cost extra, in a log without any: their net saving is too high. */
  readonly prompt_cache_unlogged_write_calls: Whole
}

const prices = ['input_price', 'cache_read_price', 'cache_write_price', 'cache_write_1h_price'] as const
type Price = (typeof prices)[number]

const uses = 'reads + writes > 0'

/** Tokens that are not text, in calls that count them: their share of what was cached is not known. */
const media = [
  'input_audio_tokens',
  'cache_read_audio_input_tokens',
  'input_image_tokens',
  'input_video_tokens',
]
  .map((name) => `coalesce(${name}, 0)`)
  .join(' + ')

/** The calls that log their use of a prompt cache; those that made none need no rate, and look for none. */
function loggedCalls(ds: readonly string[], { currency }: Scope): string {
  const reads = 'coalesce(cache_read_input_tokens, 0)'
  const hourWrites = 'coalesce(cache_creation_1h_input_tokens, 0)'
  const writes = `greatest(coalesce(cache_creation_input_tokens, 0), ${hourWrites})`
  return /* sql */ `SELECT ${[...ds, 'is_others'].join(', ')}, feature, model, ts, service_tier, speed, region, input_tokens,
      CASE WHEN ${reads} + ${writes} > 0 THEN provider END AS provider,
      ${reads} AS reads, ${writes} AS writes, ${hourWrites} AS hour_writes,
      greatest(coalesce(input_tokens, 0) - ${reads} - ${writes}, 0) AS uncached,
      ${media} AS media, cache_read_input_tokens IS NOT NULL AS logs_reads,
      cache_creation_input_tokens IS NOT NULL OR cache_creation_1h_input_tokens IS NOT NULL AS logs_writes,
      list_input_cost_usd, list_cache_read_cost_usd, list_cache_write_cost_usd${currency === undefined ? '' : `, ${convertedColumns.rate}`}
    FROM placed_calls
    WHERE cache_hit IS NOT TRUE AND (cache_read_input_tokens IS NOT NULL OR cache_creation_input_tokens IS NOT NULL
      OR cache_creation_1h_input_tokens IS NOT NULL)`
}

const ratedCalls = /* sql */ `SELECT logged_calls.*, ${prices.map((name) => `u_${name}, n_${name}`).join(', ')},
      coalesce(unit_rates.lacks IS NULL AND unit_rates.mode IS NOT NULL, FALSE) AS has_rate,
      coalesce(unit_rates.exact AND unit_rates.lacks IS NULL AND greatest(input_tokens, reads, writes) <= 1000000, FALSE) AS is_fast
    FROM logged_calls LEFT JOIN unit_rates
      ON ${rateJoin('logged_calls', 'unit_rates')}`

type Products = readonly (readonly [count: string, price: Price])[]

/**
 * Counts times prices as pricing works them out: exact, rounded once to twelve places. Where all fits 64
 * bits in units of 1e-15 USD, the sum is rounded by a whole quotient; multiplying then only moves the point.
 * NULL without a rate, and where the result is more than a cost can be.
 */
function product(terms: Products): string {
  const whole = terms.map(([count, price]) => `${count} * coalesce(n_${price}, 0)`).join(' + ')
  const fast = `CAST(${wholeQuotient(`(${whole} + 500)`, 1000)} AS DECIMAL(18,0)) * CAST(0.000000000001 AS DECIMAL(12,12))`
  const exact = terms
    .map(([count, price]) => `CAST(${count} AS DECIMAL(19,0)) * coalesce(u_${price}, 0) * 0.000001`)
    .join(' + ')
  return `CASE WHEN is_fast THEN ${fast} WHEN has_rate THEN ${attempted(`CAST(${exact} AS DECIMAL(18,12))`)} END`
}

/** @param times what each amount is multiplied with: list costs in another currency are exact products, too */
const valuedCalls = (times: string): string => /* sql */ `SELECT *,
      NOT (${uses}) OR coalesce(has_rate AND media = 0 AND read_cost = list_cache_read_cost_usd
        AND write_cost = list_cache_write_cost_usd AND input_cost = list_input_cost_usd
        AND u_input_price IS NOT NULL AND reads_uncached IS NOT NULL AND writes_uncached IS NOT NULL, FALSE) AS is_valued
    FROM (SELECT *, ${Object.entries({
      read_cost: [['reads', 'cache_read_price']],
      write_cost: [
        ['(writes - hour_writes)', 'cache_write_price'],
        ['hour_writes', 'cache_write_1h_price'],
      ],
      input_cost: [['uncached', 'input_price']],
      reads_uncached: [['reads', 'input_price']],
      writes_uncached: [['writes', 'input_price']],
    } satisfies Record<string, Products>)
      .map(([name, terms]) => `${product(terms)}${times} AS ${name}`)
      .join(', ')} FROM rated_calls) AS costed_calls`

/** A sum of money over the calls whose saving is known; calls that did not use the cache count as 0. */
const valued = (amount: string): string =>
  `sum(CASE WHEN ${uses} THEN ${amount} ELSE 0 END) FILTER (WHERE is_valued)`

/** Sums over calls, by group, feature and model; they are added up further without looking at calls again. */
const sums = {
  calls: 'count(*)',
  read_tokens: 'sum(reads) FILTER (WHERE logs_reads)',
  write_tokens: 'sum(writes) FILTER (WHERE logs_writes)',
  reading_input_tokens: 'sum(input_tokens) FILTER (WHERE logs_reads)',
  read_cost: valued('read_cost'),
  write_cost: valued('write_cost'),
  reads_uncached: valued('reads_uncached'),
  writes_uncached: valued('writes_uncached'),
  unvalued_calls: 'count(*) FILTER (WHERE NOT is_valued)',
  undiscounted_calls:
    'count(*) FILTER (WHERE is_valued AND reads > 0 AND u_cache_read_price = u_input_price AND u_input_price > 0)',
  unlogged_write_calls:
    'count(*) FILTER (WHERE is_valued AND reads > 0 AND NOT logs_writes AND u_cache_write_price > u_input_price)',
} as const

const figures = {
  prompt_cache_calls: 'coalesce(calls, 0)',
  prompt_cache_read_tokens: 'read_tokens',
  prompt_cache_write_tokens: 'write_tokens',
  prompt_cache_read_share: 'CAST(read_tokens AS DOUBLE) / nullif(reading_input_tokens, 0)',
  prompt_cache_read_cost_usd: 'read_cost',
  prompt_cache_write_cost_usd: 'write_cost',
  prompt_cache_saving_usd: 'reads_uncached - read_cost',
  prompt_cache_write_extra_usd: 'write_cost - writes_uncached',
  prompt_cache_net_saving_usd: 'reads_uncached - read_cost - write_cost + writes_uncached',
  prompt_cache_unvalued_calls: 'coalesce(unvalued_calls, 0)',
  prompt_cache_undiscounted_calls: 'coalesce(undiscounted_calls, 0)',
  prompt_cache_unlogged_write_calls: 'coalesce(unlogged_write_calls, 0)',
} as const

/** Sorted by cache reads, or in time where a dimension is a time bucket and `top` is not given. */
export function promptCache(request: GroupRequest): Query<PromptCacheRow> {
  const { by, top } = request
  const { ctes, params, ds } = placedCalls(request)
  const keys = [...ds, ...(ds.length === 0 ? [] : ['is_others'])]
  const group = keys.length === 0 ? '' : `(${keys.join(', ')}), `
  const isTotal = ['feature', ...keys.slice(-1)].map((key) => `GROUPING(${key}) = 1`).join(' AND ')
  const times = by.flatMap(({ kind }, i) =>
    kind === 'time' && top === undefined ? [`rolled_up.d${i} ASC NULLS LAST`] : [],
  )
  const items = (named: Readonly<Record<string, string>>): string =>
    Object.entries(named)
      .map(([name, sql]) => `${sql} AS ${name}`)
      .join(', ')
  const sql = /* sql */ `
    WITH ${ctes}
    , logged_calls AS (${loggedCalls(ds, request.scope)}
    ), unit_rates AS (${unitRates('rates')}
    ), rated_calls AS (${ratedCalls}
    ), valued_calls AS (${valuedCalls(request.scope.currency === undefined ? '' : ` * ${convertedColumns.rate}`)}
    ), finest_groups AS (
      SELECT ${[...keys, 'feature', 'model'].join(', ')}, ${items(sums)} FROM valued_calls GROUP BY ALL
    ), rolled_up AS (
      SELECT ${[...keys, ...(keys.length === 0 ? ['FALSE AS is_others'] : [])].join(', ')}, feature, model,
        ${isTotal} AS is_total, GROUPING(feature) = 0 AS is_pair,
        ${items(Object.fromEntries(Object.keys(sums).map((name) => [name, `sum(${name})`])))}
      FROM finest_groups GROUP BY GROUPING SETS (${group}(feature, model), ())
    )
    SELECT ${[...labels(request, 'rolled_up'), 'is_pair', 'feature', 'model'].join(', ')}, ${items(figures)}
    FROM rolled_up
    ORDER BY ${[
      'rolled_up.is_total',
      'rolled_up.is_pair',
      'rolled_up.is_others',
      ...times,
      'prompt_cache_read_tokens DESC NULLS LAST',
      ...ds.map((d) => `rolled_up.${d} ASC NULLS LAST`),
      'feature ASC NULLS LAST',
      'model ASC NULLS LAST',
    ].join(', ')}`
  return { sql, params }
}
