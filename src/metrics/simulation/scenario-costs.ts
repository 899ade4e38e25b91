/**
 * What the calls in scope cost as they are, and as the levers of a scenario would have it: sums for each pattern
 * of levers that touch a call, so that shares, rates and factors can be multiplied afterwards, exactly.
 */
import type { Lever, TokenChange } from '../../domain/scenarios/lever.js'
import { onModel } from '../../domain/scenarios/models.js'
import type { Scope } from '../../domain/scope.js'
import { fixed } from '../../domain/costs/decimal.js'
import { callCount, isCall, where } from '../measures/aggregates.js'
import type { Decimal, Param, Query, Whole } from '../query.js'
import { inFilters, inScope } from '../scope.js'

/** A relation that prices `calls` otherwise, with `source`, `call_id`, `target` and `cost_usd`; `on` tells which (`c`, `t`). */
export type WhatIf = (calls: string, on: string) => string

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
  /** On the model of each move, one after the other; as `stay_usd` where that cannot be priced. */
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
  const targets = [0, ...moves.map((_, i) => i + 1)]
  const touched = moves.map((lever, i) => `f${lever} AND m${lever} AND t${i + 1} IS NULL AND NOT is_hit`)
  const sql = /* sql */ `
    WITH flagged AS (
      SELECT calls.*${flags.map((flag) => `, ${flag}`).join('')} FROM calls WHERE ${scoped.sql}
    )${
      isSame
        ? ''
        : `, changed AS (SELECT * ${replace} FROM flagged)
    , priced AS (${whatIf('changed', on)})
    , by_call AS (
      SELECT source, call_id, ${targets.map((target) => `max(cost_usd) FILTER (WHERE target = ${target}) AS t${target}`).join(', ')}
      FROM priced GROUP BY source, call_id
    )`
    }, stayed AS (
      SELECT c.*, coalesce(c.cache_hit, false) AS is_hit, c.cache_hit IS NOT NULL AS knows_hit,
        c.user_id IS NOT NULL AS has_user, coalesce(t0, c.cost_usd) AS stay,
        ${isAnew} AND t0 IS NULL AS is_stay_unknown, ${targets.map((target) => `t${target}`).join(', ')}
      FROM ${isSame ? '(SELECT *, CAST(NULL AS DECIMAL(18,12)) AS t0 FROM flagged) c' : 'flagged c LEFT JOIN by_call USING (source, call_id)'}
    )
    SELECT ${[...names, 'is_hit', 'knows_hit', 'has_user'].join(', ')}, ${callCount} AS calls,
      count(*) - count(cost_usd) AS unpriced_calls, sum(cost_usd) AS own_usd,
      sum(stay) FILTER (WHERE cost_usd IS NOT NULL) AS stay_usd,
      count(*) FILTER (WHERE is_stay_unknown AND cost_usd IS NOT NULL) AS stay_unknown_calls,
      ${list(moves.map((_, i) => `sum(coalesce(t${i + 1}, stay)) FILTER (WHERE cost_usd IS NOT NULL)`))} AS moved_usd,
      ${list(touched.map((when) => `count(*) FILTER (WHERE ${when})`))} AS moved_unknown_calls,
      ${list(touched.map((when) => `sum(cost_usd) FILTER (WHERE ${when})`))} AS moved_unknown_usd,
      ${where(`${isCall} AND cost_basis = 'reported'`)} AS reported_calls
    FROM stayed GROUP BY ALL`
  return { sql, params }
}

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
