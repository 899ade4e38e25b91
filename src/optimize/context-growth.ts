/**
 * Context growth: conversations that send all they have said again with each turn.
 *
 * A run is the turns of a session, in one feature and on one model, whose input never shrinks: where it does, the
 * context was cut or another conversation began. A turn's input holds all turns before it. So what a window of the
 * last N turns would have left out of turn n is the input of turn n − N less that of the run's first turn: what
 * the first turn carries (instructions, the first question) stays.
 *
 * Calls that read the provider's prompt cache are left alone: a window that moves changes the beginning of the
 * prompt, and the cache would be lost.
 */
import { counted } from '../domain/words/plurals.js'
import { count, percent } from '../domain/words/wording.js'
import { inputTaken, inTime, inputTokens, portion, reached, succeeded } from './scoped-calls.js'
import type { Asked, Detail, Strategy } from './strategy.js'

const columns =
  'call_no, session_no, feature, model, cost, uncached_cost, read_cost, write_cost, input_cost, output_cost, input_tokens, tokens_read, tokens_written, tokens_uncached, output_tokens'

/** More than the input tokens of any call, to keep a place and an input in one number. */
const inputs = '4294967296'

/**
 * Turns with their place in the run, and the input of the first; `behind(n)` adds that of n turns before, NULL where the
 * run has none. Where a run begins is the latest beginning up to a turn.
 */
const turns = (
  behind: readonly string[],
  least = '2',
): string => /* sql */ `SELECT * EXCLUDE (first_turn, place${behind.map((_, i) => `, lag_${i}`).join('')}),
      place - first_turn // ${inputs} + 1 AS turn, first_turn % ${inputs} AS first_input
      ${behind.map((n, i) => `, CASE WHEN place - first_turn // ${inputs} >= CAST(${n} AS INTEGER) THEN lag_${i} END AS behind_${i}`).join('')}
    FROM (SELECT * EXCLUDE (input_before), max(CASE WHEN place = 1 OR input_tokens < input_before THEN place * ${inputs} + input_tokens END)
          OVER (PARTITION BY session_no, feature, model ORDER BY place ROWS UNBOUNDED PRECEDING) AS first_turn
      FROM (SELECT ${columns}, row_number() OVER session AS place, lag(input_tokens) OVER session AS input_before
          ${behind.map((n, i) => `, lag(input_tokens, CAST(${n} AS INTEGER)) OVER session AS lag_${i}`).join('')}
        FROM scoped_calls
        WHERE session_no IN (SELECT session_no FROM scoped_calls GROUP BY session_no HAVING count(*) >= ${least})
          AND input_tokens > 0 AND ${reached} AND ${succeeded}
        WINDOW session AS (PARTITION BY session_no, feature, model ORDER BY ${inTime})))`

/** Tokens of older turns that a window leaves out. */
const dropped = (behind: string): string => `greatest(coalesce(${behind} - first_input, 0), 0)`

function savings({ sql }: Asked): string {
  const isCached = `${inputTokens.read} > 0`
  // Each turn pays its share of a summary every N turns: to read that many turns, and to write it.
  const summary = `CASE WHEN ${sql('summary_tokens')} = 0 OR dropped_tokens = 0 THEN 0 ELSE
      ${portion('uncached_cost', `(input_tokens - behind_0 + ${sql('summary_tokens')})`, `${inputTokens.uncached} * ${sql('turns')}`)}
      + coalesce(${portion('output_cost', sql('summary_tokens'), `output_tokens * ${sql('turns')}`)}, 0) END`
  return /* sql */ `SELECT ${columns}, turn, dropped_tokens, ${isCached} AS is_cached,
      CASE WHEN NOT ${isCached} THEN CAST(${inputTaken('less_tokens')} - ${summary} AS DECIMAL(18,12)) END AS input_saving, 0 AS output_saving
    FROM (SELECT *, greatest(dropped_tokens - ${sql('summary_tokens')}, 0) AS less_tokens FROM (SELECT *, ${dropped('behind_0')} AS dropped_tokens FROM (${turns([sql('turns')], `${sql('turns')} + 2`)})))`
}

const windows = [2, 5, 10, 20, 50] as const
const tokenWindows = [4000, 16_000, 64_000] as const

/** What other windows would have saved, of turns and of tokens of history; all by the same rule. */
const otherWindows = (): Detail => ({
  id: 'windows',
  title: 'Other windows',
  columns: [
    { key: 'window', title: 'what is kept', kind: 'text' },
    { key: 'saved_calls', title: 'calls', kind: 'count' },
    { key: 'dropped_tokens', title: 'tokens left out', kind: 'count' },
    { key: 'saving_usd', title: 'saving', kind: 'usd' },
  ],
  sql: /* sql */ `WITH turns AS (
      SELECT * FROM (${turns(windows.map(String))}) WHERE ${inputTokens.read} = 0
    ), tried AS (
      ${[
        ...windows.map(
          (n, i) =>
            `SELECT ${i} AS place, 'the last ${n} turns' AS "window", turns.*, ${dropped(`behind_${i}`)} AS dropped FROM turns`,
        ),
        ...tokenWindows.map(
          (n, i) =>
            `SELECT ${windows.length + i}, '${n / 1000}k tokens of history', turns.*, greatest(input_tokens - first_input - ${n}, 0) FROM turns`,
        ),
      ].join('\n      UNION ALL ')}
    )
    SELECT "window", count(*) FILTER (WHERE dropped > 0) AS saved_calls, sum(dropped) AS dropped_tokens,
      coalesce(sum(${inputTaken('dropped')}), 0) AS saving_usd
    FROM tried GROUP BY place, "window" ORDER BY place`,
})

/** What a turn costs, the longer a conversation lasts. */
const byTurn = (): Detail => ({
  id: 'turns',
  title: 'Cost by turn',
  columns: [
    { key: 'turns', title: 'turn', kind: 'text' },
    { key: 'calls', title: 'calls', kind: 'count' },
    { key: 'mean_input_tokens', title: 'mean input', kind: 'number' },
    { key: 'mean_cost_usd', title: 'mean cost', kind: 'usd' },
    { key: 'cost_usd', title: 'cost', kind: 'usd' },
  ],
  sql: /* sql */ `WITH placed AS (
      SELECT *, CASE WHEN turn <= 5 THEN turn WHEN turn <= 10 THEN 6 WHEN turn <= 20 THEN 7 WHEN turn <= 50 THEN 8 ELSE 9 END AS place
      FROM (SELECT turn, input_tokens, cost FROM (${turns([])})
        UNION ALL SELECT 1, input_tokens, cost FROM scoped_calls
        WHERE has_session AND session_no IS NULL AND input_tokens > 0 AND ${reached} AND ${succeeded})
    )
    SELECT CASE place WHEN 6 THEN '6–10' WHEN 7 THEN '11–20' WHEN 8 THEN '21–50' WHEN 9 THEN 'over 50' ELSE CAST(place AS VARCHAR) END AS turns,
      count(*) AS calls, CAST(sum(input_tokens) AS DOUBLE) / count(*) AS mean_input_tokens,
      CAST(sum(cost) AS DOUBLE) / nullif(count(cost), 0) AS mean_cost_usd, sum(cost) AS cost_usd
    FROM placed GROUP BY place ORDER BY place`,
})

export const contextGrowth: Strategy = {
  id: 'context-growth',
  title: 'Shorter history',
  about:
    "Turns of a session whose input only grows carry all turns before them. A window keeps the last turns and what the first one carried; older turns are left out, or a summary stands for them. Calls that read the provider's prompt cache are left alone, as a window that moves would lose it.",
  needs: [
    { field: 'session_id', how: 'log one id for all calls of a conversation' },
    { field: 'input_tokens', how: "log the input tokens of the response's usage" },
  ],
  assumptions: [
    {
      name: 'turns',
      about: 'how many turns before the present one are kept whole',
      kind: 'count',
      fallback: '10',
      least: '1',
      most: '1000',
    },
    {
      name: 'summary_tokens',
      about: 'length of the summary in the place of older turns, written once every so many turns; 0: none',
      kind: 'count',
      fallback: '0',
      most: '100000',
    },
  ],
  effort: 'medium',
  confidence: 'medium',
  acts: 'on tokens',
  // A window that moves changes the beginning of the prompt: nothing of it could be read from a cache.
  excludes: ['prompt-caching'],
  by: ['feature', 'model'],
  savings,
  figures: {
    sessions: 'count(DISTINCT session_no) FILTER (WHERE taken > 0)',
    dropped_tokens: 'sum(dropped_tokens) FILTER (WHERE taken > 0)',
    sent_tokens: 'sum(input_tokens)',
    longest: 'max(turn)',
    cached_calls: 'count(*) FILTER (WHERE is_cached AND dropped_tokens > 0)',
  },
  change: ({ figures, saved_calls: calls }, value) => {
    const kept =
      value('summary_tokens').number === 0
        ? ''
        : `, and a summary of ${count(value('summary_tokens').number)} tokens`
    const cached = Number(figures['cached_calls'])
    return `send the last ${count(value('turns').number)} turns${kept} instead of all: ${percent(Number(figures['dropped_tokens']) / Number(figures['sent_tokens']))} of their input tokens are older, in ${counted(calls, 'turn')} of ${counted(figures['sessions'], 'session')} of up to ${count(figures['longest'])} turns${cached === 0 ? '' : `; ${count(cached)} more read the prompt cache and are left alone`}`
  },
  risk: 'the model forgets what was said before: keep what must last in a summary (summary_tokens) or in the instructions',
  details: () => [otherWindows(), byTurn()],
}
