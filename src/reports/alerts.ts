/** Alerts as a list for people and programs. */
import type { AlertRow } from '../metrics/alerts.js'
import type { Column, Report } from './report.js'

const columns: readonly Column[] = [
  { key: 'alert', title: 'alert', kind: 'text' },
  {
    key: 'status',
    title: 'status',
    kind: 'status',
    tones: { firing: 'bad', acknowledged: 'caution', snoozed: 'caution', ended: 'good' },
  },
  {
    key: 'severity',
    title: 'severity',
    kind: 'status',
    tones: { critical: 'bad', warning: 'caution' },
  },
  { key: 'text', title: 'what', kind: 'text' },
  { key: 'started_at', title: 'since', kind: 'time' },
  { key: 'ended_at', title: 'until', kind: 'time', optional: 2 },
  { key: 'snoozed_until', title: 'snoozed until', kind: 'time', optional: 3 },
  { key: 'told', title: 'told', kind: 'text', optional: 1 },
  { key: 'rule', title: 'rule', kind: 'text', dataOnly: true },
  { key: 'dimension', title: 'dimension', kind: 'text', dataOnly: true },
  { key: 'value', title: 'value', kind: 'text', dataOnly: true },
  { key: 'messages', title: 'messages', kind: 'count', dataOnly: true },
  { key: 'told_at', title: 'told at', kind: 'time', dataOnly: true },
  { key: 'acknowledged_at', title: 'acknowledged at', kind: 'time', dataOnly: true },
  { key: 'problems', title: 'problems', kind: 'json', dataOnly: true },
  { key: 'key', title: 'key', kind: 'text', dataOnly: true },
]

/** Columns that say nothing here are left out of what people see. */
function shownOf(rows: readonly AlertRow[]): readonly Column[] {
  const empty = (key: string): boolean =>
    (key === 'ended_at' || key === 'snoozed_until') && rows.every((row) => row[key] === null)
  return columns.filter(({ key }) => !empty(key))
}

/** @param ended those that are over are in it too */
export function alertsReport(rows: readonly AlertRow[], tz: string, ended: boolean): Report {
  const all = rows[0]?.all_alerts ?? 0
  const problems = rows.flatMap(({ alert, problems: of }) =>
    (of ?? []).map((one) => `Alert ${alert}: ${one}.`),
  )
  return {
    kind: 'alerts',
    title: ended ? 'Alerts, with those that are over' : 'Alerts',
    period: { since: null, until: null, tz },
    sections: [
      {
        id: 'alerts',
        title: ended ? 'Alerts, with those that are over' : 'Alerts',
        columns,
        shownColumns: shownOf(rows),
        rows: rows.map((row) => ({ ...row, told: (row.told ?? []).join(', ') || null })),
        notes: [
          ...(all > rows.length ? [`${all - rows.length} more; --top ${all} lists them all.`] : []),
          ...problems.map((text) => text.replace('..', '.')),
        ],
        empty: ended
          ? 'No rule has fired with llmcost check --notify.'
          : 'Nothing is firing that was found by llmcost check --notify. --all lists what is over.',
      },
    ],
    warnings: [],
  }
}
