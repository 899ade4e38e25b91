/**
 * Provider prompt caching: prompts that share a long beginning, sent within the cache's lifetime, by calls that use no
 * cache now.
 *
 * Two ways are tried for each feature and model, and the one that saves more is taken:
 * - by session: a turn whose input is not smaller than the one before it begins with that one. It is read where
 *   the turn before is recent enough, and what is new is written.
 * - by prompt: calls of one prompt_hash share at least the smallest input among them. The first writes it, and
 *   those soon after another read it.
 *
 * Some providers cache by themselves: what could be read there and was not has some reason that the log does not tell.
 * So of their calls those count that read nothing soon after one that read, and no more than that one read: its
 * beginning is known to be cached.
 *
 * Reads and writes are at the list price of each call's own model and time; where writing costs more than input (the
 * surcharge), all that is written pays it, read again or not. What a feature and model saves in all is spread over
 * its reads in proportion. A beginning shorter than the provider's least is not cached.
 */
import { rateJoin } from '../domain/costs/rate-sql.js'
import { epochMicros, fingerprint, kept, readAnew } from '../metrics/dialect.js'
import { count, percent, usd } from '../domain/words/wording.js'
import {
  inputTokens,
  inTime,
  picosOf,
  portionOfAmounts,
  portionOfSums,
  reached,
  succeeded,
  tokenCost,
} from './scoped-calls.js'
import type { Asked, Detail, Strategy } from './strategy.js'

/** The least that providers cache of a model, tokens, by their documentation; 1,024 where nothing else is known. */
const leastOf = (model: string): string =>
  `CASE WHEN contains(${model}, 'haiku-4') OR contains(${model}, 'opus-4-5') OR contains(${model}, 'opus-4-6') THEN 4096
        WHEN contains(${model}, 'haiku') THEN 2048 WHEN contains(${model}, 'gemini-2.5-pro') THEN 4096 ELSE 1024 END`

/** OpenAI caches whole steps of 128 tokens. */
const whole = (tokens: string): string =>
  `CASE WHEN chained.provider IN ('openai', 'azure') THEN ${tokens} // 128 * 128 ELSE ${tokens} END`

/** Providers that cache by themselves, whatever is asked for. */
const isAutomatic = (provider: string): string =>
  `${provider} IN ('openai', 'azure', 'deepseek', 'google', 'x-ai', 'groq', 'moonshotai')`

const columns =
  'call_no, ts, provider, model, feature, service_tier, speed, region, input_tokens, cost, input_cost, output_cost, is_listed, list_cost_usd'

const ways = ['session', 'prompt'] as const

/** Calls by a key that several have, in time; NULL where the call before has another key. */
function linked(way: (typeof ways)[number], ttl: string, shared: string): string {
  const key = `${way}_no`
  const micros = epochMicros('ts')
  return /* sql */ `SELECT call_no, feature, model, '${way}' AS way, shared, CASE WHEN gap <= ${ttl} THEN shared >= ${leastOf('model')} ELSE FALSE END AS is_read
      FROM (SELECT call_no, feature, model, is_uncached, CASE WHEN is_automatic THEN least(${shared}, coalesce(lag(${inputTokens.read}) OVER chain, 0)) ELSE ${shared} END AS shared, CASE WHEN lag(${key}) OVER chain = ${key} THEN ${micros} - lag(${micros}) OVER chain END AS gap
        FROM calls_in_question WHERE ${key} IS NOT NULL
        WINDOW chain AS (PARTITION BY ${fingerprint([key, 'feature', 'model'])} ORDER BY ${inTime}))
      WHERE is_uncached`
}

/**
 * CTEs up to `valued`: what each call would read and write, and what that saves and costs. `linked` has a row for each call
 * and way in which another may have been before: tokens that share, and whether it was soon after. What comes
 * once needs no sorting, and counts only where others of its feature and model read.
 */
const valued = (ttl: string): string => /* sql */ `WITH calls_in_question AS ${readAnew} (
      SELECT * FROM (SELECT ${columns}, mark, has_session, session_no, has_prompt, prompt_no, ${inputTokens.read},
          cache_read_input_tokens = 0 AND ${inputTokens.write} = 0 AND uncached_cost > 0 AS is_uncached, ${isAutomatic('provider')} AS is_automatic
        FROM scoped_calls WHERE ${reached} AND ${succeeded} AND input_tokens > 0)
      WHERE is_uncached OR (is_automatic AND ${inputTokens.read} > 0)
    ), linked AS ${kept} (
      ${linked('session', ttl, 'CASE WHEN lag(input_tokens) OVER chain <= input_tokens THEN lag(input_tokens) OVER chain ELSE 0 END')}
      UNION ALL
      ${linked('prompt', ttl, 'min(input_tokens) OVER (chain ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)')}
    ), promising AS (
      SELECT DISTINCT feature AS p_feature, model AS p_model, way AS p_way FROM linked WHERE is_read
    ), chained AS (
      SELECT ${columns}, way, shared, is_read
      FROM (SELECT call_no, way, shared, is_read FROM linked JOIN promising ON feature IS NOT DISTINCT FROM p_feature AND model = p_model AND way = p_way)
        JOIN scoped_calls USING (call_no)
      ${ways
        .map(
          (way) => /* sql */ `UNION ALL
      SELECT ${columns}, p_way, ${way === 'session' ? '0' : 'input_tokens'}, FALSE
      FROM calls_in_question JOIN promising ON feature IS NOT DISTINCT FROM p_feature AND model = p_model AND p_way = '${way}'
      WHERE is_uncached AND has_${way} AND ${way}_no IS NULL`,
        )
        .join('\n      ')}
    ), priced AS (
      SELECT chained.*, CASE WHEN is_read THEN ${whole('shared')} ELSE 0 END AS read_tokens,
        CASE WHEN way = 'session' THEN CASE WHEN chained.input_tokens < ${leastOf('chained.model')} THEN 0
            ELSE chained.input_tokens - CASE WHEN is_read THEN ${whole('shared')} ELSE 0 END END
          WHEN is_read OR shared < ${leastOf('chained.model')} THEN 0 ELSE ${whole('shared')} END AS written_tokens,
        rates.input_price - coalesce(rates.cache_read_price, rates.input_price) AS read_discount,
        greatest(coalesce(CASE WHEN ${ttl} > 300000000 THEN rates.cache_write_1h_price END, rates.cache_write_price, rates.input_price) - rates.input_price, 0) AS write_extra
      FROM chained JOIN rates ON ${rateJoin('chained', 'rates')} AND rates.lacks IS NULL
    ), valued AS (
      SELECT *, ${tokenCost('read_tokens', 'read_discount')} AS gain, ${tokenCost('written_tokens', 'write_extra')} AS extra
      FROM priced
    ), nets AS (
      SELECT feature, model, way, ${picosOf('sum(gain)')} AS gross, ${picosOf('(sum(gain) - sum(extra))')} AS net,
        row_number() OVER (PARTITION BY feature, model ORDER BY sum(gain) - sum(extra) DESC, way) AS place
      FROM valued GROUP BY feature, model, way
    )`

function savings({ sql }: Asked): string {
  const listed = portionOfSums('gain', 'net', 'gross')
  return /* sql */ `${valued(sql('ttl'))}
    SELECT call_no, valued.feature, valued.model, cost, input_cost, output_cost, valued.way, read_tokens, written_tokens,
      ${isAutomatic('valued.provider')} AS is_automatic, gain, extra, 0 AS output_saving,
      CASE WHEN net > 0 AND gain > 0 THEN CASE WHEN is_listed THEN ${listed}
        ELSE ${portionOfAmounts('cost', listed, 'list_cost_usd')} END END AS input_saving
    FROM valued JOIN nets ON valued.feature IS NOT DISTINCT FROM nets.feature AND valued.model IS NOT DISTINCT FROM nets.model
      AND valued.way = nets.way AND nets.place = 1`
}

/** Both lifetimes beside each other, by provider. */
const lifetimes = (): Detail => ({
  id: 'lifetimes',
  title: 'By lifetime of the cache',
  columns: [
    { key: 'lifetime', title: 'lifetime', kind: 'text' },
    { key: 'provider', title: 'provider', kind: 'text' },
    { key: 'calls', title: 'calls', kind: 'count' },
    { key: 'hit_rate', title: 'calls that read', kind: 'rate' },
    { key: 'saved_by_reads_usd', title: 'saved by reads', kind: 'usd' },
    { key: 'extra_for_writes_usd', title: 'extra for writes', kind: 'usd' },
  ],
  sql: [
    ['5 min', 300_000_000],
    ['1 h', 3_600_000_000],
  ]
    .map(
      ([name, ttl]) => /* sql */ `(${valued(`CAST(${ttl} AS BIGINT)`)}
      SELECT '${name}' AS lifetime, provider, count(*) AS calls, CAST(count(*) FILTER (WHERE gain > 0) AS DOUBLE) / count(*) AS hit_rate,
        sum(gain) AS saved_by_reads_usd, sum(extra) AS extra_for_writes_usd
      FROM valued JOIN nets ON valued.feature IS NOT DISTINCT FROM nets.feature AND valued.model IS NOT DISTINCT FROM nets.model
        AND valued.way = nets.way AND nets.place = 1
      GROUP BY provider ORDER BY provider)`,
    )
    .join(' UNION ALL '),
  notes: ['of all features and models, with those that would lose'],
})

export const promptCaching: Strategy = {
  id: 'prompt-caching',
  title: "The provider's prompt cache",
  about:
    'Calls that use no prompt cache now, but whose prompt begins as another one sent shortly before: turns of a session, or calls of one prompt_hash. Reads cost less, writes more, by the list price of each model; what is written pays the surcharge, read again or not. Where the provider caches by itself (OpenAI, Azure, DeepSeek, Google and others), only what was read just before in the same session or prompt counts: of the rest the log does not tell whether it begins alike.',
  needs: [
    {
      field: 'cache_read_input_tokens',
      how: "log the cached tokens of the response's usage, 0 included",
    },
    {
      field: 'session_id or prompt_hash',
      has: '(session_id IS NOT NULL OR prompt_hash IS NOT NULL)',
      how: 'log one id for all calls of a conversation, or a hash of the part of the prompt that stays the same',
    },
    { field: 'input_tokens', how: "log the input tokens of the response's usage" },
  ],
  assumptions: [
    {
      name: 'ttl',
      about: 'how long the provider keeps what was sent; over 5m at the price of 1 h, where there is one',
      kind: 'duration',
      fallback: '5m',
      least: '1m',
      most: '1d',
    },
  ],
  effort: 'low',
  confidence: 'medium',
  acts: 'on prices',
  by: ['feature', 'model'],
  savings,
  figures: {
    read_calls: 'count(*) FILTER (WHERE read_tokens > 0)',
    read_tokens: 'sum(read_tokens)',
    extra_usd: 'sum(extra)',
    way: 'min(way)',
    automatic_calls: 'count(*) FILTER (WHERE is_automatic)',
  },
  change: ({ figures, considered_calls: calls }, value) => {
    const isSession = figures['way'] === 'session'
    const reads = `${count(figures['read_calls'])} of ${count(calls)} calls (${percent(Number(figures['read_calls']) / Number(calls))})`
    const tokens = `${count(figures['read_tokens'])} tokens`
    if (Number(figures['automatic_calls']) > 0)
      return `the provider caches by itself, and is missed: put what stays the same first, word for word, and give the calls of ${isSession ? 'a session' : 'a prompt'} one prompt_cache_key, and a longer retention where they pause, where the provider has them: ${reads} read nothing less than ${value('ttl').text} after one that read, and could have read ${tokens}`
    const how = isSession
      ? 'cache the conversation up to its newest turn'
      : 'put what stays the same first in the prompt, and cache it'
    return `${how} (lifetime ${value('ttl').text}): ${reads} would read ${tokens} from it; writes cost ${usd(figures['extra_usd'])} more`
  },
  risk: 'what changes early in the prompt (a date, a user id) empties the cache: watch llmcost cache',
  details: () => [lifetimes()],
}
