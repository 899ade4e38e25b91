/** Samples of the metrics behind `llmcost anomalies`, for the registry. */
import { dimensionOf } from '../../domain/dimensions.js'
import { hourSpan, type HourSpan } from '../../domain/time/hours.js'
import type { Scope } from '../../domain/scope.js'
import { dayMs } from '../../domain/time/zones.js'
import { anomalies, reachOf } from './anomalies.js'
import { anomalyKinds } from './anomaly-tests.js'
import { burstyDays } from './bursty-days.js'
import { expensiveCalls } from './expensive-calls.js'
import { incidentParts } from './incident-parts.js'
import { sharedCosts } from './shared-costs.js'
import { seriesHours } from './series-hours.js'
import { sessionFlags, sessionNorms, sessionTerms } from './session-flags.js'
import { userHours } from './user-hours.js'
import { userDayTerms, usersBeyond } from './users-beyond.js'
import { weekProfile } from './week-profile.js'
import { zscores } from './zscores.js'
import type { Query } from '../query.js'

const historyDays = 28
const by = ['feature', 'user', 'tag.any'].map(dimensionOf)

/** The last 14 days where a scope has no beginning. */
function spanOf(scope: Scope): HourSpan {
  const until = new Date(scope.until ?? '2026-10-05T00:00:00Z')
  const since = scope.since ?? new Date(until.getTime() - 14 * dayMs).toISOString()
  return hourSpan({ ...scope, since }, until, reachOf(historyDays), scope.tz)
}

const sample = (
  id: string,
  about: string,
  query: (scope: Scope, span: HourSpan) => Query<unknown>,
): { id: string; about: string; sample: (scope: Scope) => Query<unknown> } => ({
  id,
  about,
  sample: (scope) => query(scope, spanOf(scope)),
})

export const anomalySamples = [
  sample('anomalies', 'abnormal hours of all series', (scope, span) =>
    anomalies({
      scope,
      span,
      by,
      historyDays,
      kinds: anomalyKinds,
      noiseScale: 1,
      method: 'robust',
      minUsd: 0,
      minShare: 0.02,
    }),
  ),
  sample('bursty_days', 'days on which people work in sessions', (scope, span) =>
    burstyDays({ scope, span, by, historyDays }),
  ),
  sample('session_flags', 'abnormal hours of all series by sessions', (scope, span) => {
    const days = [span.since, span.until - 1].map((hour) => Math.floor(hour / 24))
    return sessionFlags({
      scope,
      span,
      by,
      historyDays,
      kinds: anomalyKinds,
      noiseScale: 1,
      minShare: 0.02,
      days,
    })
  }),
  sample('session_terms', 'why an hour is abnormal by sessions, or not', (scope, span) => {
    const request = { scope, span, by, historyDays, kinds: anomalyKinds, noiseScale: 1, minShare: 0.02 }
    const hour = span.until - 1
    return sessionTerms({ ...request, days: [Math.floor(hour / 24)] }, { family: 0, value: '', hour })
  }),
  sample('session_norms', 'what hours of chosen days cost by their sessions', (scope, span) => {
    const day = Math.floor((span.until - 1) / 24)
    const request = {
      scope,
      span,
      by,
      historyDays,
      kinds: anomalyKinds,
      noiseScale: 1,
      minShare: 0.02,
      days: [day],
    }
    return sessionNorms(request, [{ family: 0, value: '', day }])
  }),
  sample('zscores', 'abnormal hours by the textbook', (scope, span) => zscores({ scope, span, historyDays })),
  sample('series_hours', 'hours of chosen days beside their norm', (scope, span) => {
    const days = [span.since, span.until - 1].map((hour) => Math.floor(hour / 24))
    const wanted = days.flatMap((day) => [
      { family: 0, value: '', day },
      { family: 1, value: 'chat', day },
    ])
    return seriesHours({ scope, span, by, historyDays }, wanted)
  }),
  sample('incident_parts', 'calls, tokens and cost of an incident and its history', (scope, span) =>
    incidentParts(
      {
        scope,
        since: '2026-01-01T00:00:00Z',
        until: '2026-10-05T00:00:00Z',
        by,
        drivers: ['user', 'feature', 'model'].map(dimensionOf),
        top: 3,
      },
      [
        {
          id: 0,
          family: 0,
          value: '',
          since_hour: span.until - 30,
          until_hour: span.until,
          past_since_hour: span.until - 700,
          past_until_hour: span.until - 30,
          norm_usd: 1,
        },
      ],
    ),
  ),
  sample('shared_costs', 'what the calls of a feature and a user have in common', (scope, span) =>
    sharedCosts({ scope, since: '2026-01-01T00:00:00Z', until: '2026-10-05T00:00:00Z', by }, [
      {
        id: 0,
        family: 1,
        value: 'chat',
        other_family: 2,
        other_value: 'u1',
        since_hour: span.until - 5,
        until_hour: span.until,
        past_since_hour: span.until - 700,
        past_until_hour: span.until - 30,
      },
    ]),
  ),
  sample('expensive_calls', 'single calls far beyond those of their feature', (scope) =>
    expensiveCalls({ scope, historySince: '2026-01-01T00:00:00Z', leastUsd: 0.1, top: 10 }),
  ),
  sample('week_profile', 'calls by the hour of the local week', (scope, span) =>
    weekProfile(scope, span, 28),
  ),
  sample('user_hours', 'hours in which a user spent more than an amount', (scope, span) =>
    userHours(scope, span, '0.1'),
  ),
  sample('users_beyond', 'users whose day is far beyond their own usual', (scope, span) =>
    usersBeyond({ scope, span, leastUsd: 0.1, leastShare: 0.01, leastRatio: 3, spreads: 2 }),
  ),
  sample('user_day_terms', 'what a user must spend in a day to be beyond his usual', (scope, span) =>
    userDayTerms({ scope, span, leastUsd: 0.1, leastShare: 0.01, leastRatio: 3, spreads: 2 }, 'ada'),
  ),
]
