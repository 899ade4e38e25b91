/** What `llmcost doctor` found, a line a check. */
import { column } from '../columns.js'
import type { Column, Report, Row } from '../report.js'

export type Health = 'ok' | 'note' | 'problem'

export interface Checked {
  /** What was looked at. */
  readonly check: string
  readonly health: Health
  readonly found: string
  /** What to do about it; empty where there is nothing to do. */
  readonly next?: string
}

const columns: readonly Column[] = [
  column('check', 'check', 'text'),
  { ...column('health', 'health', 'status'), tones: { ok: 'good', note: 'caution', problem: 'bad' } },
  column('found', 'found', 'text'),
]

export function doctorReport(checks: readonly Checked[]): Report {
  const problems = checks.filter(({ health }) => health === 'problem')
  return {
    kind: 'doctor',
    title: problems.length === 0 ? 'All is well' : `${problems.length} to mend`,
    period: { since: null, until: null, tz: 'UTC' },
    sections: [
      {
        id: 'doctor',
        title: 'Checks',
        columns: [...columns, { ...column('next', 'next', 'text'), dataOnly: true }],
        rows: checks.map(({ check, health, found, next }): Row => ({
          check,
          health,
          found,
          next: next ?? null,
        })),
      },
    ],
    findings: checks.flatMap(({ check, health, found, next }) =>
      next === undefined
        ? []
        : [
            {
              kind: 'doctor',
              severity: health === 'problem' ? ('critical' as const) : ('info' as const),
              dimension: null,
              value: check,
              measured: found,
              bound: null,
              // Whole: the table may have cut what was found.
              text: `${check}: ${found}. ${next}`,
            },
          ],
    ),
    warnings: [],
  }
}
