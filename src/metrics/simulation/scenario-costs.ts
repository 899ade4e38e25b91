/**
 * What the calls in scope cost as they are, and as the levers of a scenario would have it: sums for each pattern
 * of levers that touch a call, so that shares, rates and factors can be multiplied afterwards, exactly.
 */
import { pricingFields } from '../../domain/call.js'
import type { Lever, TokenChange } from '../../domain/scenarios/lever.js'
import { onModel } from '../../domain/scenarios/models.js'
import type { Scope } from '../../domain/scope.js'
import { fixed } from '../../domain/costs/decimal.js'
import { callCount, isCall, where } from '../measures/aggregates.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { inFilters, inScope } from '../scope.js'

/** A relation that prices `calls` otherwise: what is kept, `target`, `own_cost_usd` and `cost_usd`; `on` tells which (`c`, `t`). */
export type WhatIf = (calls: string, keep: readonly string[], on: string) => string

export interface ScenarioCostsRequest {
  readonly scope: Scope
  readonly levers: readonly Lever[]
  /** Users of the tiers that levers name, by the lever's place. */
  readonly users: ReadonlyMap<number, readonly string[]>
  /** All calls are priced anew, whether a lever changes their tokens or not. */
  readonly repriced: boolean
  /** Target 0 is a call's own model; 1, 2 … the moves among the levers, in their order. */
  readonly whatIf: WhatIf
  /** What `whatIf` binds. */
  readonly params: Record<string, Param>
}

/** One row a pattern. Costs are USD and leave calls without a cost out. */
export interface ScenarioCostsRow {
  /** `f0`, `f1` …: the filters of each lever hold; `m0` …: the call is on the model that it names. */
  readonly [flag: `${'f' | 'm'}${number}`]: boolean
  /** Answered by the application's response cache. */
  readonly is_hit: boolean
  readonly knows_hit: boolean
  readonly has_user: boolean
  readonly calls: Whole
  readonly unpriced_calls: Whole
  readonly own_usd: Decimal | null
  /** On its own model, with the tokens that the levers leave; as it is where that cannot be priced. */
  readonly stay_usd: Decimal | null
  readonly stay_unknown_calls: Whole
  /** On the model of each move, one after the other; as they are where that cannot be priced. Of calls that it touches. */
  readonly moved_usd: readonly (Decimal | null)[]
  readonly moved_unknown_calls: readonly Whole[]
  /** What those cost today. */
  readonly moved_unknown_usd: readonly (Decimal | null)[]
  /** Calls that count at what their log reported today. */
  readonly reported_calls: Whole
}

const counts: Readonly<Record<TokenChange['kind'], { whole: readonly string[]; parts: readonly string[] }>> =
  {
    'input-tokens': {
      whole: ['input_tokens'],
      // Parts are cut down, so that they never add up to more than the whole.
      parts: [
        'cache_read_input_tokens',
        'cache_creation_input_tokens',
        'cache_creation_1h_input_tokens',
        'input_audio_tokens',
        'input_image_tokens',
        'input_video_tokens',
        'cache_read_audio_input_tokens',
      ],
    },
    'output-tokens': {
      whole: ['output_tokens'],
      parts: ['reasoning_output_tokens', 'output_audio_tokens', 'output_image_tokens'],
    },
  }

export function scenarioCosts(request: ScenarioCostsRequest): Query<ScenarioCostsRow> {
  const { scope, levers, whatIf } = request
  const scoped = inScope(scope)
  const params: Record<string, Param> = { ...scoped.params }
  const flags = levers.flatMap((lever, i) => {
    const filters = inFilters(lever.filters, `lever_${i}_`)
    Object.assign(params, filters.params)
    return [
      `coalesce(${filters.sql}${ofUsers(request, i, params)}, false) AS f${i}`,
      `${ofModel(lever, i, params)} AS m${i}`,
    ]
  })
  const names = levers.flatMap((_, i) => [`f${i}`, `m${i}`])
  const { replace, when } = recounted(levers)
  const isAnew = request.repriced ? 'TRUE' : when
  const moves = levers.flatMap(({ kind }, i) => (kind === 'move' ? [i] : []))
  const on = [
    `(t.target = 0 AND ${isAnew})`,
    ...moves.map((lever, i) => `(t.target = ${i + 1} AND c.f${lever} AND c.m${lever})`),
  ].join(' OR ')
  // Planning to price calls anew takes longer than adding them up.
  const isSame = moves.length === 0 && isAnew === 'FALSE'
  if (!isSame) Object.assign(params, request.params)
  const keys = [...names, 'is_hit', 'knows_hit', 'has_user']
  const of = (target: number, column: string): string => `max(${column}) FILTER (WHERE target = ${target})`
  const moved = (column: string, otherwise = ''): string =>
    list(
      moves.map((_, i) =>
        otherwise === '' ? of(i + 1, column) : `coalesce(${of(i + 1, column)}, ${otherwise})`,
      ),
    )
  const sql = /* sql */ `
    WITH flagged AS (
      SELECT ${pricedBy.map((name) => `calls.${name}`).join(', ')}${flags.map((flag) => `, ${flag}`).join('')},
        coalesce(cache_hit, false) AS is_hit, cache_hit IS NOT NULL AS knows_hit, user_id IS NOT NULL AS has_user
      FROM calls WHERE ${scoped.sql}
    ), sums AS (
      SELECT ${keys.join(', ')}, -1 AS target, ${callCount} AS calls, count(*) - count(cost_usd) AS unpriced_calls,
        sum(cost_usd) AS usd, ${where(`${isCall} AND cost_basis = 'reported'`)} AS reported_calls,
        0 AS unknown_calls, NULL AS unknown_usd
      FROM flagged GROUP BY ALL
      ${
        isSame
          ? ''
          : `UNION ALL BY NAME
      SELECT ${keys.join(', ')}, target, sum(coalesce(cost_usd, own_cost_usd)) AS usd,
        count(*) FILTER (WHERE cost_usd IS NULL) AS unknown_calls, sum(own_cost_usd) FILTER (WHERE cost_usd IS NULL) AS unknown_usd
      FROM (${whatIf(`(SELECT * ${replace} FROM flagged)`, keys, on)}) WHERE own_cost_usd IS NOT NULL
      GROUP BY ALL`
      }
    )
    SELECT ${keys.join(', ')}, ${of(-1, 'calls')} AS calls, ${of(-1, 'unpriced_calls')} AS unpriced_calls, ${of(-1, 'usd')} AS own_usd,
      coalesce(${of(0, 'usd')}, ${of(-1, 'usd')}) AS stay_usd, coalesce(${of(0, 'unknown_calls')}, 0) AS stay_unknown_calls,
      ${moved('usd')} AS moved_usd, ${moved('unknown_calls', '0')} AS moved_unknown_calls, ${moved('unknown_usd')} AS moved_unknown_usd,
      ${of(-1, 'reported_calls')} AS reported_calls
    FROM sums GROUP BY ALL`
  return { sql, params }
}

/** Columns that pricing and counting need: the others would be carried along for nothing. */
const pricedBy = [
  'ts',
  'provider',
  'model',
  'operation',
  ...pricingFields,
  'cost_usd',
  'list_cost_usd',
  'cost_basis',
  'unpriced_usage',
] as const

const list = (items: readonly string[]): string => `[${items.join(', ')}]`

/** ` AND user_id IN (…)` where the lever names a tier of users. */
function ofUsers({ users }: ScenarioCostsRequest, i: number, params: Record<string, Param>): string {
  const some = users.get(i)
  if (some === undefined) return ''
  params[`lever_${i}_users`] = JSON.stringify(some)
  return ` AND user_id IN (SELECT unnest(from_json(CAST($lever_${i}_users AS JSON), '["VARCHAR"]')))`
}

function ofModel(lever: Lever, i: number, params: Record<string, Param>): string {
  const pattern = lever.kind === 'move' ? lever.from : lever.kind === 'price-change' ? lever.model : '*'
  const sql = onModel(pattern, 'calls', `lever_${i}_model`)
  if (sql !== 'TRUE') params[`lever_${i}_model`] = pattern
  return sql
}

/** The counts of tokens as the levers leave them, and when any does. */
function recounted(levers: readonly Lever[]): { replace: string; when: string } {
  const columns = new Map<string, string>()
  const flags: string[] = []
  for (const [i, lever] of levers.entries()) {
    if (lever.kind !== 'input-tokens' && lever.kind !== 'output-tokens') continue
    const { n, d } = lever.factor
    const factor = `CAST('${fixed({ digits: (n * 10n ** 9n) / d, places: 9 }, 9)}' AS DECIMAL(18,9))`
    const { whole, parts } = counts[lever.kind]
    for (const [names, round] of [
      [whole, 'round'],
      [parts, 'floor'],
    ] as const)
      for (const name of names) {
        const before = columns.get(name) ?? name
        const after = `CAST(${round}(CAST(${before} AS DECIMAL(19,0)) * ${factor}) AS BIGINT)`
        columns.set(name, `CASE WHEN f${i} THEN ${after} ELSE ${before} END`)
      }
    flags.push(`c.f${i}`)
  }
  if (columns.size === 0) return { replace: '', when: 'FALSE' }
  const replaced = [...columns].map(([name, sql]) => `${sql} AS ${name}`)
  return { replace: `REPLACE (${replaced.join(', ')})`, when: `(${flags.join(' OR ')})` }
}
