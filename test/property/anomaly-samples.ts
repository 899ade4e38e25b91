/** Samples of the metrics behind `llmcost anomalies`, run by metrics.test.ts. */
import { dimensionOf } from '../../src/domain/dimensions.js'
import { hourSpan, type HourSpan } from '../../src/domain/time/hours.js'
import type { Scope } from '../../src/domain/scope.js'
import { dayMs } from '../../src/domain/time/zones.js'
import { anomalyKinds, reachOf } from '../../src/metrics/anomalies/flags.js'
import {
  accountHours,
  loudSeries,
  namedSeries,
  seriesCounts,
} from '../../src/metrics/anomalies/judged-hours.js'
import { burstyDays } from '../../src/metrics/anomalies/bursty-days.js'
import { expensiveCalls } from '../../src/metrics/anomalies/expensive-calls.js'
import { incidentParts } from '../../src/metrics/anomalies/incident-parts.js'
import { sharedCosts } from '../../src/metrics/anomalies/shared-costs.js'
import { sessionFlags, sessionNorms, sessionTerms } from '../../src/metrics/anomalies/session-flags.js'
import { userHours } from '../../src/metrics/anomalies/user-hours.js'
import { userDayTerms, usersBeyond } from '../../src/metrics/anomalies/users-beyond.js'
import { weekProfile } from '../../src/metrics/anomalies/week-profile.js'
import { zscores } from '../../src/metrics/anomalies/zscores.js'
import type { Query } from '../../src/metrics/query.js'
import type { Sample } from './rule-samples.js'

const historyDays = 28
const by = ['feature', 'user', 'tag.any'].map(dimensionOf)
const asked = { by, historyDays, kinds: anomalyKinds, noiseScale: 1, minShare: 0.02 }
const unusual = { leastUsd: 0.1, leastShare: 0.01, leastRatio: 3, spreads: 2 }

/** The first and the last local day of a span. */
const endsOf = (span: HourSpan): number[] => [span.since, span.until - 1].map((hour) => Math.floor(hour / 24))
const lastOf = (span: HourSpan): number => Math.floor((span.until - 1) / 24)

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
): Sample => ({
  id,
  about,
  sample: (scope) => query(scope, spanOf(scope)),
})

export const anomalySamples: readonly Sample[] = [
  sample('account_hours', 'hours of all calls', (scope, span) =>
    accountHours({ scope, span, by, historyDays }),
  ),
  sample('loud_series', 'hours of the series that spend enough on a day', (scope, span) => {
    const days = endsOf(span).map((day) => ({ day, least_usd: 0.01 }))
    return loudSeries({ scope, span, by, historyDays }, days, 0.5)
  }),
  sample('named_series', 'hours of all calls and of chosen series', (scope, span) =>
    namedSeries({ scope, span, by, historyDays }, [{ family: 1, value: 'chat' }]),
  ),
  sample('series_counts', 'series that have calls before a day', (scope, span) =>
    seriesCounts({ scope, span, by, historyDays }, endsOf(span)),
  ),
  sample('bursty_days', 'days on which people work in sessions', (scope, span) =>
    burstyDays({ scope, span, by, historyDays }),
  ),
  sample('session_flags', 'abnormal hours of all series by sessions', (scope, span) =>
    sessionFlags({ ...asked, scope, span, days: endsOf(span) }),
  ),
  sample('session_terms', 'why an hour is abnormal by sessions, or not', (scope, span) =>
    sessionTerms(
      { ...asked, scope, span, days: [lastOf(span)] },
      { family: 0, value: '', hour: span.until - 1 },
    ),
  ),
  sample('session_norms', 'what hours of chosen days cost by their sessions', (scope, span) => {
    const day = lastOf(span)
    return sessionNorms({ ...asked, scope, span, days: [day] }, [{ family: 0, value: '', day }])
  }),
  sample('zscores', 'abnormal hours by the textbook', (scope, span) => zscores({ scope, span, historyDays })),
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
    usersBeyond({ ...unusual, scope, span }),
  ),
  sample('user_day_terms', 'what a user must spend in a day to be beyond his usual', (scope, span) =>
    userDayTerms({ ...unusual, scope, span }, 'ada'),
  ),
]
