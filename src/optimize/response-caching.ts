/**
 * Exact response caching: an answer is kept under its prompt's hash and served again.
 *
 * A call would have been a hit when an earlier one of the same prompt_hash, model and input tokens had succeeded and
 * ended, and had been asked at most the lifetime before (two inputs of other lengths are no one prompt, whatever a
 * hash says that may be of the instructions alone): an entry lives for the lifetime after it was last asked for. Both must
 * be of a temperature up to the limit; one that is not logged passes. Calls that a cache answered already
 * keep an entry alive and save nothing more.
 */
import { epochMicros, fingerprint } from '../metrics/dialect.js'
import { count, percent } from '../domain/words/wording.js'
import { inTime, reached, succeeded } from './scoped-calls.js'
import type { Asked, Detail, Strategy } from './strategy.js'

const micros = epochMicros('ts')
const end = `${micros} + CAST(1000 * least(coalesce(latency_ms, 0), 600000) AS BIGINT)`

/** SQL: a window of the calls that ask for one thing, in time. */
const calls = (name: string, columns: readonly string[]): string =>
  `${name} AS (PARTITION BY ${fingerprint(columns)} ORDER BY ${inTime})`
const samePrompt = calls('same_prompt', ['prompt_no', 'model', 'input_tokens'])

/** SQL: when the call before in a window began and ended, if it had the same hash. */
const before = (window: string, prefix = ''): string =>
  `CASE WHEN lag(prompt_no) OVER ${window} = prompt_no THEN lag(${micros}) OVER ${window} END AS ${prefix}asked_before,
    lag(${end}) OVER ${window} AS ${prefix}answered_before`

/**
 * Calls that could be answered from a cache, each with the time since the one before it had ended, microseconds. What
 * comes once needs no sorting.
 */
const repeats = (columns: string, maxTemperature: string, alsoByHash = false): string => /* sql */ `
  SELECT ${columns}, ${micros} AS started, ${before('same_prompt')}${alsoByHash ? `, ${before('same_hash', 'hash_')}` : ''}
  FROM ${answerable(maxTemperature)} AND prompt_no IS NOT NULL
  WINDOW ${samePrompt}${alsoByHash ? `, ${calls('same_hash', ['prompt_no', 'model'])}` : ''}
  UNION ALL BY NAME
  SELECT ${columns}, ${micros} AS started FROM ${answerable(maxTemperature)} AND prompt_no IS NULL`

const answerable = (maxTemperature: string): string => `scoped_calls
  WHERE has_prompt AND ${succeeded} AND (temperature IS NULL OR temperature * 1000000 <= ${maxTemperature})`

const isHit = (ttl: string, prefix = ''): string =>
  `coalesce(started >= ${prefix}answered_before AND started - ${prefix}asked_before <= ${ttl}, FALSE)`

function savings({ sql }: Asked): string {
  return /* sql */ `SELECT *, is_hit AND cost > 0 AS is_saved,
      CASE WHEN is_hit THEN input_cost END AS input_saving, CASE WHEN is_hit THEN output_cost END AS output_saving
    FROM (SELECT *, ${isHit(sql('ttl'))} AND ${reached} AS is_hit
      FROM (${repeats(`call_no, feature, model, cache_hit, cost, input_cost, output_cost, prompt_no`, sql('max_temperature'))}))`
}

const minute = 60_000_000
const lifetimes = [
  ['1m', minute],
  ['5m', 5 * minute],
  ['15m', 15 * minute],
  ['1h', 60 * minute],
  ['6h', 360 * minute],
  ['1d', 1440 * minute],
  ['7d', 10_080 * minute],
] as const

/**
 * The hit rate and the saving by lifetime. An entry begins with a miss and ends its lifetime after the last call
 * that found it; at the same moment what ends goes first.
 */
function curve({ sql }: Asked): string {
  const each = lifetimes.map(
    (
      [name, ttl],
      i,
    ) => /* sql */ `SELECT ${i} AS place, '${name}' AS ttl, repeats.*, ${isHit(String(ttl))} AS is_hit, ${isHit(String(ttl), 'hash_')} AS is_hash_hit,
      coalesce(next_start - started > ${ttl}, TRUE) AS is_last, CAST(${ttl} AS BIGINT) AS lifetime FROM repeats`,
  )
  return /* sql */ `WITH repeats AS (
      SELECT started, asked_before, answered_before, hash_asked_before, hash_answered_before, cache_hit, cost,
        CASE WHEN lead(prompt_no) OVER same_prompt = prompt_no THEN lead(started) OVER same_prompt END AS next_start
      FROM (${repeats('call_no, ts, mark, prompt_no, model, input_tokens, cache_hit, cost', sql('max_temperature'), true)})
      WINDOW ${samePrompt}
    ), tried AS (${each.join('\n      UNION ALL ')}
    ), moments AS (
      SELECT place, started AS moment, 1 AS step FROM tried WHERE NOT coalesce(started - asked_before <= lifetime, FALSE)
      UNION ALL SELECT place, started + lifetime, -1 FROM tried WHERE is_last
    ), levels AS (
      SELECT place, sum(step) OVER (PARTITION BY place ORDER BY moment, step) AS live FROM moments
    ), peaks AS (
      SELECT place, max(live) AS peak_live_entries FROM levels GROUP BY place
    ), hits AS (
      SELECT place, ttl, count(*) AS calls, count(*) FILTER (WHERE is_hit AND ${reached}) AS hits,
        count(*) FILTER (WHERE is_hash_hit AND ${reached}) AS hash_hits,
        coalesce(sum(cost) FILTER (WHERE is_hit AND ${reached}), 0) AS saving
      FROM tried GROUP BY place, ttl
    )
    SELECT ttl, calls, hits, CAST(hits AS DOUBLE) / calls AS hit_rate, CAST(hash_hits AS DOUBLE) / calls AS hash_hit_rate, saving AS saving_usd, peak_live_entries
    FROM hits JOIN peaks USING (place) ORDER BY place`
}

const curveDetail = (asked: Asked): Detail => ({
  id: 'curve',
  title: 'Hit rate and saving by lifetime',
  columns: [
    { key: 'ttl', title: 'lifetime', kind: 'text' },
    { key: 'calls', title: 'calls', kind: 'count' },
    { key: 'hits', title: 'hits', kind: 'count' },
    { key: 'hit_rate', title: 'hit rate', kind: 'rate' },
    { key: 'hash_hit_rate', title: 'by hash alone', kind: 'rate' },
    { key: 'saving_usd', title: 'saving', kind: 'usd' },
    { key: 'peak_live_entries', title: 'peak of live entries', kind: 'count' },
  ],
  sql: curve(asked),
  notes: [
    'calls that log a prompt_hash, did not fail and are within the temperature; peak of live entries: what the cache must hold',
    'by hash alone: repeats of a hash whatever the length of the input; where they are far more, the hash is of the instructions and not of the whole request, and no cache could answer those',
  ],
})

/** Where a hash is repeated far more often than the prompt: it may be that of the instructions. */
const otherLengths = (hashes: number, hits: number): string =>
  hashes > 2 * hits
    ? ` (${count(hashes)} repeat a hash: the others come later, or their input has another length)`
    : ''

export const responseCaching: Strategy = {
  id: 'response-caching',
  title: 'Exact response caching',
  about:
    'Answers are kept under the hash of their prompt and model, and served again to the same prompt, whose input has as many tokens. An entry lives for ttl after it was last asked for; a call while the first is still running is no hit.',
  needs: [
    {
      field: 'prompt_hash',
      how: 'log a hash of the whole request (messages, tools, parameters), such as SHA-256 in hex, beside each call',
    },
  ],
  assumptions: [
    {
      name: 'ttl',
      about: 'how long an answer is kept after it was last asked for',
      kind: 'duration',
      fallback: '1h',
      least: '1s',
      most: '365d',
    },
    {
      name: 'max_temperature',
      about: 'calls with a higher temperature are not answered from the cache',
      kind: 'number',
      fallback: '1',
      most: '2',
    },
  ],
  effort: 'medium',
  confidence: 'high',
  acts: 'on calls',
  by: ['feature', 'model'],
  savings,
  figures: { repeated_hashes: `count(prompt_no) - count(DISTINCT prompt_no)` },
  change: ({ considered_calls: calls, saved_calls: hits, figures }, value) =>
    `answer repeated prompts from a cache that keeps an answer for ${value('ttl').text} after its last use: ${count(hits)} of ${count(calls)} calls (${percent(Number(hits) / Number(calls))}) repeat a prompt within it${otherLengths(Number(figures['repeated_hashes']), Number(hits))}`,
  details: (asked) => [curveDetail(asked)],
  risk: 'an answer may be out of date, or one user may see what another asked for: key by user where prompts hold personal data',
}
