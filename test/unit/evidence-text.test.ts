/** What speaks against chance, in words. */
import { expect, test } from 'vitest'
import type { IncidentEvidence } from '../../src/anomalies/build.js'
import { evidenceText } from '../../src/anomalies/wording.js'

const sessions = {
  of: 'sessions',
  since: '2026-09-22T10:00:00Z',
  until: '2026-09-22T11:00:00Z',
  sessions: 1,
  begun: 1,
  norm_begun: 0.2,
  costUsd: 14.2,
  normUsd: 0.22,
  price_times: 4.23,
  calls_times: 1.1,
  begun_surprise: 0.9,
  price_surprise: 9.4,
  calls_surprise: 0.2,
  surprise: 10.5,
  series: 12,
} as const satisfies IncidentEvidence
const user = { dimension: 'user_id', value: 'user-7' }
const textOf = (evidence: IncidentEvidence, lead: { dimension: string | null; value: string | null }) =>
  evidenceText({ evidence, lead }, 'UTC')

test('one session beside those of the same person', () => {
  expect(textOf(sessions, user)).toBe(
    "a session of $14.20 at 09-22 10:00 where user-7's own come to $1.10 on average; its calls are 4.2 × as dear as user-7's usually are: usual sessions are 40,000 times less likely to do that",
  )
})

test('many sessions of a feature, beyond what is worth counting', () => {
  const many = {
    ...sessions,
    since: '2026-09-22T05:00:00Z',
    sessions: 12,
    begun: 11,
    norm_begun: 1.24,
    costUsd: 49.1,
    normUsd: 3.2,
    calls_times: 3,
    begun_surprise: 8,
    calls_surprise: 5,
    surprise: 22.4,
  }
  expect(textOf(many, { dimension: 'feature', value: 'search' })).toBe(
    "12 sessions in 6 hours from 09-22 05:00, $49.10 where $3.20 is usual and its sessions come to $2.58 on average; 11 began where 1.2 do, their calls are 4.2 × as dear and 3 × as many an hour as the same people's usually are: usual sessions are over a million times less likely to do that",
  )
  expect(textOf(many, { dimension: null, value: null })).toContain('and sessions come to $2.58 on average')
})

test('calls, and money that no single call explains', () => {
  const { since, until, costUsd, normUsd } = sessions
  const calls = {
    of: 'calls',
    since,
    until,
    costUsd,
    normUsd,
    calls: 394,
    normCalls: 0.9,
    isSpread: true,
  } as const
  expect(textOf({ ...calls, surprise: 30, series: 9 }, user)).toBe(
    '394 calls at 09-22 10:00 where 0.9 are usual ($14.20 against $0.22): chance does that less than once in ten years',
  )
  expect(textOf({ ...calls, of: 'money', surprise: 30, series: 9 }, user)).toBe(
    '$14.20 at 09-22 10:00 where $0.22 is usual, and no single call explains it: chance does that less than once in ten years',
  )
})
