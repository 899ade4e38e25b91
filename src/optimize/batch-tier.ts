/**
 * Batch and flex tiers: calls that nobody waits for, at the batch or flex price of their own provider and model.
 *
 * Nobody waits for a call for one of these reasons, of which the first counts:
 * - a schedule: its feature is of one user or none, and most of its calls come in the same minutes of the day on at
 *   least five of seven days;
 * - a burst: with many calls of its feature and user it begins within minutes, far above their mean rate (`burst`);
 * - the night: it names neither session nor user, and comes in an hour of the day in which calls of its feature that
 *   do are next to none;
 * - it names neither session nor user, in a log whose other calls do, and was not streamed (it has no time to the
 *   first token).
 *
 * A batch may take a day, flex takes minutes. So a schedule of many runs a day has the flex tier alone; of the others
 * the lower of the two prices counts, once a call.
 */
import { dayOfMicros, epochMicros, minuteOfMicros, readAnew, wholeQuotient } from '../metrics/dialect.js'
import { counted } from '../domain/words/plurals.js'
import { count, percent, usd } from '../domain/words/wording.js'
import { reached, succeeded } from './scoped-calls.js'
import type { Asked, SegmentRow, Strategy } from './strategy.js'

const micros = epochMicros('ts')
const day = dayOfMicros(micros)
const minute = minuteOfMicros(micros)
const hourMicros = 3_600_000_000
const kept = ['call_no', 'feature', 'model', 'cost', 'input_cost', 'output_cost', 'reason', 'is_frequent']

/** Features most of whose calls come in few minutes of the day, which recur. A day has at most so many of them. */
const slotsADay = 60

/** Minutes without a call that part one run of a schedule from the next. */
const runGap = 10

/** Why nobody waits, by the number in `reason`: the words for one call and for many. */
const reasons = [
  { id: 'scheduled', words: ['runs by a schedule', 'run by a schedule'] },
  { id: 'burst', words: ['comes in a burst', 'come in bursts'] },
  { id: 'night', words: ['comes in hours without use by people', 'come in hours without use by people'] },
  { id: 'unnamed', words: ['names neither session nor user', 'name neither session nor user'] },
] as const

/** `schedules`: features that run by one (`s_feature`), and whether they run more often than a batch fits. */
const schedules = ({ sql }: Asked): string => /* sql */ `spans AS (
      SELECT feature AS s_feature, count(DISTINCT ${day}) AS span FROM scoped_calls
      WHERE feature IN (SELECT feature FROM scoped_calls GROUP BY feature HAVING count(DISTINCT user_id) <= 1)
      GROUP BY feature
    ), slots AS (
      SELECT feature, ${minute} AS slot, count(DISTINCT ${day}) AS days, count(*) AS calls FROM scoped_calls
      WHERE feature IN (SELECT s_feature FROM spans) GROUP BY ALL
    ), regular AS (
      SELECT feature AS r_feature
      FROM slots JOIN spans ON feature = s_feature
      GROUP BY feature
      HAVING max(span) >= 5 AND sum(calls) FILTER (WHERE days * 7 >= 5 * span) * 1000000 >= sum(calls) * ${sql('scheduled')}
        AND count(*) FILTER (WHERE days * 7 >= 5 * span) <= ${slotsADay}
    ), schedules AS (
      SELECT s_feature, count(*) FILTER (WHERE slot - slot_before > ${runGap}) > ${sql('batch_runs')} AS is_frequent
      FROM (SELECT s_feature, slot,
          coalesce(lag(slot) OVER (PARTITION BY s_feature ORDER BY slot), max(slot) OVER (PARTITION BY s_feature) - 1440) AS slot_before
        FROM slots JOIN spans ON feature = s_feature
        WHERE days * 7 >= 5 * span AND feature IN (SELECT r_feature FROM regular))
      GROUP BY s_feature
    )`

/**
 * `bursts`: calls (`b_call`) that lie in a stretch of `burst_within` in which at least `burst_calls` of their group begin,
 * and `burst_factor` times as many as such a stretch of the log has in the mean.
 *
 * A group is the calls of a feature and user (or of none) without a session; where the log has no sessions, and of
 * sessions of a single call, those of a feature, a named user and one prompt: many users may ask the same. Streamed
 * calls are in none.
 *
 * A stretch touches at most two buckets of its length, and one of them has half of its calls: only calls in
 * or beside such a bucket are put in order.
 */
function bursts({ sql }: Asked): string {
  const within = sql('burst_within')
  const group = ['feature', 'user_id', 'one_prompt']
  const groups = group.join(', ')
  const same = (a: string, b: string): string =>
    group.map((name) => `${a}.${name} IS NOT DISTINCT FROM ${b}.${name}`).join(' AND ')
  const order = `PARTITION BY ${groups} ORDER BY micros`
  return /* sql */ `loose AS ${readAnew} (
      SELECT * FROM (SELECT call_no, feature, user_id, ${micros} AS micros, ${micros} // ${within} AS bucket,
          CASE WHEN NOT has_session AND (user_id IS NULL OR EXISTS (SELECT 1 FROM scoped_calls WHERE has_session)) THEN -1
            WHEN user_id IS NOT NULL AND session_no IS NULL THEN prompt_no END AS one_prompt
        FROM scoped_calls WHERE ttft_ms IS NULL AND session_no IS NULL AND ${reached})
      WHERE one_prompt IS NOT NULL
    ), filled AS (
      SELECT ${groups}, bucket, count(*) AS calls FROM loose GROUP BY ALL
    ), busy_groups AS (
      SELECT ${groups}, greatest(${sql('burst_calls')}, CAST(sum(calls) AS DOUBLE) * ${sql('burst_factor')} * ${within}
        / (SELECT max(${micros}) - min(${micros}) + 1 FROM scoped_calls)) AS least_calls
      FROM filled GROUP BY ${groups} HAVING max(calls) * 2 >= ${sql('burst_calls')}
    ), dense AS (
      SELECT DISTINCT ${group.map((name) => `filled.${name}`).join(', ')}, bucket + beside AS bucket, least_calls
      FROM filled JOIN busy_groups ON ${same('filled', 'busy_groups')} CROSS JOIN (VALUES (-1), (0), (1)) AS places(beside)
      WHERE calls * 2 >= least_calls
    ), begun AS (
      SELECT *, count(*) OVER (${order} RANGE BETWEEN CURRENT ROW AND ${within} - 1 FOLLOWING) AS follow
      FROM (SELECT loose.*, least_calls FROM loose JOIN dense ON ${same('loose', 'dense')} AND loose.bucket = dense.bucket)
    ), bursts AS (
      SELECT call_no AS b_call
      FROM (SELECT call_no, least_calls, max(follow) OVER (${order} RANGE BETWEEN ${within} - 1 PRECEDING AND CURRENT ROW) AS most FROM begun)
      WHERE most >= least_calls
    )`
}

/**
 * `rhythms`: features (`n_feature`) whose use by people, calls with a session or user, has hours of the day that are told
 * apart: days enough, and the share of the mean hour that makes a quiet one is at least one call. `awake`: their
 * other hours.
 */
function nights({ sql, localMicros }: Asked): string {
  return /* sql */ `used AS (
      SELECT feature, ${wholeQuotient(localMicros(), hourMicros)} AS hour, count(*) AS calls FROM scoped_calls
      WHERE (has_session OR user_id IS NOT NULL)
        AND feature IN (SELECT feature FROM scoped_calls WHERE NOT has_session AND user_id IS NULL)
      GROUP BY ALL
    ), rhythms AS (
      SELECT feature AS n_feature, sum(calls) AS uses FROM used
      GROUP BY feature
      HAVING count(DISTINCT hour // 24) >= ${sql('night_days')} AND sum(calls) * ${sql('night_share')} >= 24 * 1000000
    ), awake AS (
      SELECT feature AS a_feature, hour % 24 AS a_hour FROM used JOIN rhythms ON feature = n_feature
      GROUP BY feature, hour % 24, uses HAVING sum(calls) * 24 * 1000000 >= uses * ${sql('night_share')}
    )`
}

function savings(asked: Asked): string {
  const priced = asked.whatIf(
    [
      { provider: null, model: null, tier: 'batch' },
      { provider: null, model: null, tier: 'flex' },
    ],
    'waiting_for_none',
    kept,
    't.target = 1 OR NOT c.is_frequent',
  )
  const [, ...rest] = kept
  const ofTier = (column: string, target: number): string =>
    `max(${column}) FILTER (WHERE target = ${target})`
  const hour = `${wholeQuotient(asked.localMicros(), hourMicros)} % 24`
  return /* sql */ `WITH ${schedules(asked)}, ${bursts(asked)}, ${nights(asked)}, waiting_for_none AS (
      SELECT * FROM (SELECT scoped_calls.*, coalesce(is_frequent, FALSE) AS is_frequent,
          CASE WHEN s_feature IS NOT NULL THEN 0
            WHEN call_no IN (SELECT b_call FROM bursts) THEN 1
            WHEN NOT has_session AND user_id IS NULL AND n_feature IS NOT NULL AND a_hour IS NULL THEN 2
            WHEN NOT has_session AND user_id IS NULL AND ttft_ms IS NULL THEN 3 END AS reason
        FROM scoped_calls LEFT JOIN schedules ON feature = s_feature
          LEFT JOIN rhythms ON feature = n_feature
          LEFT JOIN awake ON feature = a_feature AND ${hour} = a_hour)
      WHERE reason IS NOT NULL AND coalesce(service_tier, 'standard') NOT IN ('batch', 'flex')
        AND is_listed AND cost > 0 AND ${reached} AND ${succeeded}
    ), prices AS (
      SELECT call_no, ${rest.map((name) => `any_value(${name}) AS ${name}`).join(', ')},
        ${ofTier('cost_usd', 0)} AS batch_usd, ${ofTier('list_output_cost_usd', 0)} AS batch_output_usd,
        ${ofTier('cost_usd', 1)} AS flex_usd, ${ofTier('list_output_cost_usd', 1)} AS flex_output_usd
      FROM ${priced} GROUP BY call_no
    ), chosen AS (
      SELECT *, CASE WHEN batch_usd < cost AND batch_usd <= coalesce(flex_usd, batch_usd) THEN 'batch'
          WHEN flex_usd < cost THEN 'flex' END AS tier
      FROM prices
    )
    SELECT ${kept.join(', ')}, tier, CASE WHEN flex_usd < cost THEN cost - flex_usd END AS flex_saving,
      CASE tier WHEN 'batch' THEN CAST(input_cost - (batch_usd - coalesce(batch_output_usd, 0)) AS DECIMAL(18,12))
        WHEN 'flex' THEN CAST(input_cost - (flex_usd - coalesce(flex_output_usd, 0)) AS DECIMAL(18,12)) END AS input_saving,
      CASE tier WHEN 'batch' THEN CAST(output_cost - coalesce(batch_output_usd, 0) AS DECIMAL(18,12))
        WHEN 'flex' THEN CAST(output_cost - coalesce(flex_output_usd, 0) AS DECIMAL(18,12)) END AS output_saving
    FROM chosen`
}

/** `send 3 calls to the batch tier and 2 to the flex tier, 50% cheaper: 3 run by a schedule ($1 less), …` */
function change({ figures, saving_usd: saving, cost_usd: cost }: SegmentRow): string {
  const [batch, flex, flexible] = ['batch_calls', 'flex_calls', 'flexible_calls'].map((name) =>
    Number(figures[name]),
  ) as [number, number, number]
  const where =
    flex === 0
      ? `${counted(batch, 'call')} to the batch tier`
      : batch === 0
        ? `${counted(flex, 'call')} to the flex tier`
        : `${counted(batch, 'call')} to the batch tier and ${count(flex)} to the flex tier`
  const why = reasons
    .map(({ id, words }) => ({ words, calls: Number(figures[`${id}_calls`]), dollars: figures[`${id}_usd`] }))
    .filter(({ calls }) => calls > 0)
    .map(
      ({ words: [one, many], calls, dollars }) =>
        `${count(calls)} ${calls === 1 ? one : many} (${usd(dollars)} less)`,
    )
  const beside =
    batch > 0 && flexible > 0
      ? `; the flex tier, which answers within minutes, would save ${usd(figures['flexible_usd'])} on ${count(flexible)} of them`
      : ''
  return `send ${where}, ${percent(Number(saving) / Number(cost))} cheaper; in the window ${why.join(', ')}${beside}`
}

export const batchTier: Strategy = {
  id: 'batch-tier',
  title: 'Batch and flex tiers',
  about:
    'Calls that nobody waits for, at the batch or flex price of their own provider and model, the lower one that fits: those of a feature of at most one user that runs by a schedule (the same minutes of the day on at least 5 of 7 days), those that come in bursts, those of neither session nor user in hours in which people do not use the feature, and all others of neither session nor user that were not streamed. A model without a known price of either tier saves nothing.',
  needs: [
    {
      field: 'session_id or user_id',
      has: '(session_id IS NOT NULL OR user_id IS NOT NULL)',
      how: 'log the session or the user of calls that somebody waits for',
    },
  ],
  assumptions: [
    {
      name: 'scheduled',
      about: "share of a feature's calls that must come in minutes that recur, for it to be a schedule",
      kind: 'share',
      fallback: '80%',
      least: '50%',
      most: '100%',
    },
    {
      name: 'batch_runs',
      about: 'runs a day of a schedule up to which it can wait for a batch; with more, flex alone fits',
      kind: 'count',
      fallback: '24',
      most: '1440',
    },
    {
      name: 'burst_calls',
      about: 'calls of one feature and user that must begin within burst_within, for them to be a burst',
      kind: 'count',
      fallback: '50',
      least: '2',
      most: '1000000',
    },
    {
      name: 'burst_within',
      about: 'within what time they must begin',
      kind: 'duration',
      fallback: '10m',
      least: '1s',
      most: '1d',
    },
    {
      name: 'burst_factor',
      about: 'how many times their mean rate over the log a burst must be',
      kind: 'count',
      fallback: '10',
      most: '1000',
    },
    {
      name: 'night_share',
      about: "share of a feature's mean hour below which its use by people makes an hour of the day quiet",
      kind: 'share',
      fallback: '5%',
      least: '0.1%',
      most: '50%',
    },
    {
      name: 'night_days',
      about: 'days with use by people that a feature must have, for its hours to be told apart',
      kind: 'count',
      fallback: '7',
      least: '2',
      most: '366',
    },
  ],
  effort: 'medium',
  confidence: 'medium',
  acts: 'on prices',
  // When a batch runs is not known: the cache may be gone.
  excludes: ['prompt-caching'],
  usesPrices: true,
  by: ['feature', 'model'],
  savings,
  figures: {
    batch_calls: `count(*) FILTER (WHERE taken > 0 AND tier = 'batch')`,
    flex_calls: `count(*) FILTER (WHERE taken > 0 AND tier = 'flex')`,
    flexible_calls: `count(flex_saving) FILTER (WHERE taken > 0 AND tier = 'batch')`,
    flexible_usd: `sum(flex_saving) FILTER (WHERE taken > 0 AND tier = 'batch')`,
    ...Object.fromEntries(
      reasons.flatMap(({ id }, i) => [
        [`${id}_calls`, `count(*) FILTER (WHERE taken > 0 AND reason = ${i})`],
        [`${id}_usd`, `coalesce(sum(taken) FILTER (WHERE reason = ${i}), 0)`],
      ]),
    ),
  },
  change,
  risk: 'a batch may take up to 24 hours, and its results come all at once; flex may be refused when there is no room',
}
