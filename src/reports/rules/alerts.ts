/** Alerts as a list for people and programs. */
import { minuteText } from '../../domain/time/zones.js'
import type { AlertRow } from '../../metrics/rules/alerts.js'
import { severityTones } from './check.js'
import type { Column, Report, Row } from '../report.js'

/** What programs read. */
const columns: readonly Column[] = [
  { key: 'alert', title: 'alert', kind: 'text' },
  { key: 'status', title: 'status', kind: 'status' },
  { key: 'severity', title: 'severity', kind: 'status' },
  { key: 'text', title: 'what', kind: 'text' },
  { key: 'started_at', title: 'since', kind: 'time' },
  { key: 'ended_at', title: 'until', kind: 'time' },
  { key: 'snoozed_until', title: 'snoozed until', kind: 'time' },
  { key: 'told', title: 'told', kind: 'text' },
  { key: 'rule', title: 'rule', kind: 'text' },
  { key: 'dimension', title: 'dimension', kind: 'text' },
  { key: 'value', title: 'value', kind: 'text' },
  { key: 'messages', title: 'messages', kind: 'count' },
  { key: 'told_at', title: 'told at', kind: 'time' },
  { key: 'acknowledged_at', title: 'acknowledged at', kind: 'time' },
  { key: 'problems', title: 'problems', kind: 'json' },
  { key: 'key', title: 'key', kind: 'text' },
]

/** What people read: the sentence of an alert is what it is about, and no table has room for it. */
const shownColumns: readonly Column[] = [
  { key: 'headline', title: 'alert', kind: 'text' },
  {
    key: 'severity',
    title: 'severity',
    kind: 'status',
    tones: severityTones,
  },
  {
    key: 'status',
    title: 'status',
    kind: 'status',
    tones: { firing: 'bad', acknowledged: 'caution', snoozed: 'caution', over: 'good' },
  },
  { key: 'times', title: 'times', kind: 'text' },
  { key: 'told', title: 'told', kind: 'text' },
  { key: 'problems', title: 'problems', kind: 'text' },
]

function shownRow(row: AlertRow, tz: string): Row {
  return {
    headline: `${row.alert}: ${row.text}`,
    severity: row.severity,
    status: row.status === 'ended' ? 'over' : row.status,
    times: timesOf(row, tz),
    told: row.told === null ? 'nobody was told' : `told ${row.told.join(', ')}`,
    problems: row.problems === null ? null : row.problems.join('; '),
  }
}

function timesOf(row: AlertRow, tz: string): string {
  const at = (iso: string): string => `${minuteText(Date.parse(iso), tz)} ${tz}`
  if (row.ended_at !== null) return `${at(row.started_at)} – ${at(row.ended_at)}`
  if (row.status === 'firing') return `since ${at(row.started_at)}`
  const firing = `firing since ${at(row.started_at)}`
  // Of an alert that somebody has in hand, nobody is reminded whatever the time.
  return row.status !== 'snoozed' || row.snoozed_until === null
    ? firing
    : `${firing}, no reminder before ${at(row.snoozed_until)}`
}

/** @param ended those that are over are in it too */
export function alertsReport(rows: readonly AlertRow[], tz: string, ended: boolean): Report {
  const all = rows[0]?.all_alerts ?? 0
  const title = ended ? 'Alerts, with those that are over' : 'Alerts'
  return {
    kind: 'alerts',
    title,
    period: { since: null, until: null, tz },
    sections: [
      {
        id: 'alerts',
        title,
        layout: 'blocks',
        columns,
        rows: rows.map((row) => ({ ...row, told: (row.told ?? []).join(', ') || null })),
        shownColumns,
        shownRows: rows.map((row) => shownRow(row, tz)),
        notes: all > rows.length ? [`${all - rows.length} more; --top ${all} lists them all.`] : [],
        empty: ended
          ? 'No rule has fired with llmcost check --notify.'
          : 'Nothing is firing that was found by llmcost check --notify. --all lists what is over.',
      },
    ],
    warnings: [],
  }
}
