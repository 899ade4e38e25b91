/**
 * What a user's day must come to, to be beyond his usual: by the complete days before it alone, his own and, where
 * these are few, everybody's. Statements for users-beyond.ts; see docs/anomaly-method.md.
 */
import { quantile } from '../dialect.js'

/** How a user's day is judged beside what a caller asks. */
export const userDayBounds = {
  /** Complete days before the judged one. */
  historyDays: 28,
  /** Fewer active days tell nothing of a user: he is a newcomer. */
  activeDays: 7,
  /** The 95th centile of fewer users is the dearest of a handful. */
  users: 5,
  /** Everybody's spread has the weight of so many days in a user's own. */
  sharedDays: 20,
  /** Of more users than these some are beyond any bound by chance: it rises with the logarithm of their number. */
  freeUsers: 20,
} as const

const { historyDays, activeDays, users, sharedDays, freeUsers } = userDayBounds

/** Costs by user and local day; calls without a user count in the account alone. @param day SQL of a call's day */
export const userDays = (condition: string, day: string): string => /* sql */ `user_days AS MATERIALIZED (
      SELECT user_id, ${day} AS day, sum(cost_usd) AS usd
      FROM calls WHERE ${condition} AND cost_usd > 0 GROUP BY user_id, ${day}
    )`

const historyOf = (day: string, judged: string): string =>
  `${day} < ${judged} AND ${day} >= ${judged} - ${historyDays}`

/**
 * `judged`: what is known of each judged day and user by cheap sums: `account_usd`, the median day of the account,
 * days without calls included; `mean_usd`, the mean of the user's days from his first of the history on;
 * `centile_usd`, the 95th centile of these over all users. Needs `judged_days` and `user_days`.
 */
export const userMeans = /* sql */ `account_sums AS MATERIALIZED (
      SELECT day, sum(usd) AS usd FROM user_days GROUP BY day
    ), account_span AS (
      SELECT unnest(range(min(day), max(day) + 1)) AS day FROM account_sums
    ), account_days AS MATERIALIZED (
      SELECT judged_days.day, ${quantile('coalesce(account_sums.usd, 0)', 0.5)} AS account_usd
      FROM judged_days JOIN account_span ON ${historyOf('account_span.day', 'judged_days.day')}
      LEFT JOIN account_sums ON account_sums.day = account_span.day
      GROUP BY judged_days.day
    ), histories AS MATERIALIZED (
      SELECT past.user_id, judged_days.day, count(*) AS active_days,
        CAST(sum(past.usd) AS DOUBLE) / (judged_days.day - min(past.day)) AS mean_usd
      FROM judged_days JOIN user_days AS past ON ${historyOf('past.day', 'judged_days.day')}
      WHERE past.user_id IS NOT NULL
      GROUP BY past.user_id, judged_days.day
    ), known AS MATERIALIZED (
      SELECT * FROM histories WHERE active_days >= ${activeDays}
    ), all_users AS MATERIALIZED (
      SELECT day, ${quantile('mean_usd', 0.95)} AS centile_usd, count(*) AS users FROM known GROUP BY day
    )`

/**
 * `own_spreads`: the median of the logarithms of each user's active days, and the squares of what lies above it, so that
 * days on which he hardly works widen nothing; `shared_spreads`: the same of all users. Sums are of decimals: their
 * order moves nothing. Needs `candidates` and the above.
 */
const spreads = /* sql */ `past_logs AS MATERIALIZED (
      SELECT known.user_id, known.day, ln(CAST(past.usd AS DOUBLE)) AS log_usd
      FROM known
      JOIN (SELECT DISTINCT day FROM candidates) AS wanted ON wanted.day = known.day
      JOIN user_days AS past ON past.user_id = known.user_id AND ${historyOf('past.day', 'known.day')}
    ), middles AS MATERIALIZED (
      SELECT user_id, day, ${quantile('log_usd', 0.5)} AS middle FROM past_logs GROUP BY user_id, day
    ), own_spreads AS MATERIALIZED (
      SELECT user_id, day, any_value(middle) AS middle, count(*) AS days_above,
        sum(CAST((log_usd - middle) * (log_usd - middle) AS DECIMAL(18, 9))) AS squares
      FROM past_logs JOIN middles USING (user_id, day) WHERE log_usd >= middle GROUP BY user_id, day
    ), shared_spreads AS MATERIALIZED (
      SELECT day, CAST(sum(squares) AS DOUBLE) / sum(days_above) AS variance,
        ${quantile('middle', 0.95)} AS centile_middle
      FROM own_spreads GROUP BY day
    )`

/**
 * `bounds`: each candidate's terms and bound. A newcomer is judged as a user of the 95th centile with everybody's
 * spread. The median of n days is itself uncertain: a further day lies wider around it, by sqrt(1 + 1.5/n).
 */
export const boundsOfCandidates = /* sql */ `${spreads}, terms AS (
      SELECT candidates.user_id, candidates.day, account_usd, known.user_id IS NULL AS is_newcomer, users,
        coalesce(known.active_days, histories.active_days, 0) AS active_days,
        coalesce(known.mean_usd, centile_usd) AS usual_usd,
        coalesce(middle, centile_middle) AS middle,
        CASE WHEN middle IS NULL THEN sqrt(variance)
          ELSE sqrt((CAST(squares AS DOUBLE) + ${sharedDays} * variance) / (days_above + ${sharedDays})
            * (1 + 1.5 / known.active_days)) END AS spread,
        sqrt(CAST($spreads AS DOUBLE) * CAST($spreads AS DOUBLE)
          + 2 * ln(greatest(1, users / ${freeUsers}.0))) AS spreads
      FROM candidates
      JOIN account_days USING (day)
      JOIN all_users USING (day)
      JOIN shared_spreads USING (day)
      LEFT JOIN histories ON histories.user_id = candidates.user_id AND histories.day = candidates.day
      LEFT JOIN known ON known.user_id = candidates.user_id AND known.day = candidates.day
      LEFT JOIN own_spreads ON own_spreads.user_id = candidates.user_id AND own_spreads.day = candidates.day
      WHERE known.user_id IS NOT NULL OR users >= ${users}
    ), bounds AS MATERIALIZED (
      SELECT *, exp(middle) AS median_usd, CAST($ratio AS DOUBLE) * usual_usd AS ratio_usd,
        exp(least(middle + spreads * spread, 50)) AS spread_usd,
        CAST($least_share AS DOUBLE) * account_usd AS share_usd,
        greatest(CAST($least AS DOUBLE), CAST($least_share AS DOUBLE) * account_usd, CAST($ratio AS DOUBLE) * usual_usd,
          exp(least(middle + spreads * spread, 50))) AS bound_usd
      FROM terms
    )`

/** Days of users that reach all but the bound by spreads, which is asked for these alone. */
export const candidates = /* sql */ `candidates AS MATERIALIZED (
      SELECT user_days.user_id, user_days.day
      FROM user_days
      JOIN account_days USING (day)
      JOIN all_users USING (day)
      LEFT JOIN known ON known.user_id = user_days.user_id AND known.day = user_days.day
      WHERE user_days.user_id IS NOT NULL AND (known.user_id IS NOT NULL OR users >= ${users})
        AND CAST(usd AS DOUBLE) >= greatest(CAST($least AS DOUBLE), CAST($least_share AS DOUBLE) * account_usd,
          CAST($ratio AS DOUBLE) * coalesce(mean_usd, centile_usd))
    )`
