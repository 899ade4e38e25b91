/** The two tables of the first page: the days, and the top features, models and users beside each other. */
import { sumOf } from '../../domain/costs/decimal.js'
import { localAt } from '../../domain/time/zones.js'
import { count } from '../../domain/words/wording.js'
import { changeColumn, column } from '../columns.js'
import type { Cell, Column, Row, Section } from '../report.js'
import type { IncidentNews } from './brief-incidents.js'
import { weekBeforeKeys } from './days.js'
import { cellText } from './cell-text.js'

/** Days that a screen has room for. */
const mostDays = 8

/** The days with what stood out in each, and under them what has come in since. */
export function daysTable(
  days: Section,
  incidents: readonly IncidentNews[],
  tz: string,
  soFar: Row | undefined,
): Section {
  const labels = (days.shownRows ?? days.rows).map((row) => row['bucket'])
  // People are shown the last of very many.
  const skipped = days.rows.length - labels.length
  const all = days.rows.map((row, i): Row => ({
    ...row,
    bucket: labels[i - skipped] ?? row['bucket'] ?? null,
  }))
  const kept = keptOf(all)
  const left = all.filter((row) => !kept.has(row))
  const notes = notesOf(days.rows, all, incidents, tz)
  const compared = days.columns.some(({ key }) => key === weekBeforeKeys.cost)
  const change = compared ? weekBeforeKeys.change : 'cost_usd_change'
  const columns: Column[] = [
    column('bucket', days.columns[0]?.title ?? 'day', 'text'),
    // Beside the sum of many days, those of a day would be too short to compare.
    { ...column('cost_usd', 'cost', 'usd'), ...(left.length === 0 && { bars: true as const }) },
    ...(compared ? [column(weekBeforeKeys.cost, 'a week before', 'usd')] : []),
    changeColumn(change, 'change', 'cost_usd'),
    {
      ...column('note', '', 'text', 1),
      tones: Object.fromEntries([...notes.values()].map((text) => [text, 'bad' as const])),
    },
  ]
  const rows = all
    .filter((row) => kept.has(row))
    .map((row): Row => ({ ...row, note: notes.get(row) ?? (row['partial'] === true ? 'not whole' : null) }))
  return {
    id: days.id,
    title: days.title,
    columns,
    rows: [...rows, ...othersRow(left, all.length), ...(soFar === undefined ? [] : [soFar])],
  }
}

/** All of a week; of more days those that stand out, and the dearest. */
function keptOf(rows: readonly Row[]): ReadonlySet<Row> {
  if (rows.length <= mostDays) return new Set(rows)
  const marked = (row: Row): number => (isMarked(row) ? 1 : 0)
  const order = rows.toSorted(
    (a, b) => marked(b) - marked(a) || Number(b['cost_usd'] ?? 0) - Number(a['cost_usd'] ?? 0),
  )
  return new Set(order.slice(0, mostDays - 1))
}

function othersRow(rows: readonly Row[], all: number): Row[] {
  if (rows.length === 0) return []
  const cost = sumOf(rows.map((row) => row['cost_usd'] as string | null))
  return [{ bucket: `${count(rows.length)} others of ${count(all)}`, cost_usd: cost, note: null }]
}

const isMarked = (row: Row): boolean => row['mark'] !== null && row['mark'] !== undefined

/** Of the days that stand out: who made the first of them do so, and a sign on those where it goes on. */
function notesOf(
  rows: readonly Row[],
  shown: readonly Row[],
  incidents: readonly IncidentNews[],
  tz: string,
): ReadonlyMap<Row, string> {
  const said = new Set<IncidentNews>()
  return new Map(
    rows.flatMap((row, i): [Row, string][] => {
      const one = shown[i]
      if (one === undefined || !isMarked(row)) return []
      const label = cellText(row['bucket'])
      const begun = incidents.filter((incident) => !said.has(incident) && beginsBy(incident, label, tz))
      for (const incident of begun) said.add(incident)
      return [[one, ['▲', begun.map(({ subject }) => subject).join('; ')].join(' ').trimEnd()]]
    }),
  )
}

/** Local times of one length compare as texts. */
const beginsBy = ({ since }: IncidentNews, label: string, tz: string): boolean =>
  new Date(localAt(Date.parse(since), tz)).toISOString().slice(0, label.slice(0, 13).length) <=
  label.slice(0, 13)

const titles = { feature: 'feature', model: 'model', user_id: 'user' } as const

/** Groups of each dimension that a screen has room for. */
const mostGroups = 3

/** Undefined where no call names any of them. @param sections by dimension, the dearest group first */
export function topTable(
  sections: Readonly<Partial<Record<keyof typeof titles, Section>>>,
): Section | undefined {
  const lists = (Object.keys(titles) as (keyof typeof titles)[]).flatMap((key) => {
    const section = sections[key]
    return section === undefined || section.rows.length === 0 ? [] : [{ key, lines: linesOf(section, key) }]
  })
  if (lists.length === 0) return undefined
  const length = Math.max(...lists.map(({ lines }) => lines.length))
  return {
    id: 'top',
    title: 'Where it went',
    columns: lists.flatMap(({ key }, place) => [
      column(key, titles[key], 'text'),
      column(`${key}_cost_usd`, 'cost', 'usd'),
      { ...column(`${key}_cost_share`, 'share', 'rate'), optional: 3 - place + 1 },
    ]),
    rows: Array.from({ length }, (_, i): Row =>
      Object.fromEntries(
        // Nothing stands beside a shorter list.
        lists.flatMap(({ key, lines }): [string, Cell][] => {
          const line = lines[i]
          if (line === undefined) return []
          return [
            [key, line.name],
            [`${key}_cost_usd`, line.cost],
            [`${key}_cost_share`, line.share],
          ]
        }),
      ),
    ),
  }
}

interface TopLine {
  readonly name: string
  readonly cost: Cell
  readonly share: Cell
}

/** The dearest, and all others as one, so that each list adds up to the whole. */
function linesOf({ rows, totals }: Section, key: string): TopLine[] {
  const room = rows.length <= mostGroups + 1 ? rows.length : mostGroups
  const named = rows.slice(0, room).map((row): TopLine => ({
    name: row[key] === null || row[key] === undefined ? '(none)' : cellText(row[key]),
    cost: row['cost_usd'] ?? null,
    share: row['cost_share'] ?? null,
  }))
  const others = rows.slice(room)
  if (others.length === 0) return named
  const cost = sumOf(others.map((row) => row['cost_usd'] as string | null))
  const all = Number(totals?.['cost_usd'] ?? 0)
  return [...named, { name: '(others)', cost, share: cost === null || all === 0 ? null : Number(cost) / all }]
}
