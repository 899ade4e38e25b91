/** What a first look at logs shows that nobody named. */
import { counted } from '../../domain/words/plurals.js'
import { bytes, count, usd } from '../../domain/words/wording.js'
import type { DearestRow, FirstLookRow, LookSpans } from '../../metrics/first-look.js'
import { footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Column, Finding, Report, Row, Section } from '../report.js'

/** Calls of agents, or of all other logs. */
export interface LookBlock {
  readonly id: 'agents' | 'logs'
  readonly spans: LookSpans
  readonly rows: readonly FirstLookRow[]
  readonly doubts: Doubts
  readonly dearest: readonly DearestRow[]
  readonly findings: readonly Finding[]
}

/** A folder that was read. */
export interface ReadFolder {
  readonly label: string
  readonly files: number
  readonly bytes: number
}

export interface LookFacts {
  readonly folders: readonly ReadFolder[]
  readonly blocks: readonly LookBlock[]
  /** Sentences on what was refused, repaired or left out. */
  readonly doubts: readonly string[]
  /** Quiet sentences on what was not looked at. */
  readonly asides: readonly string[]
  readonly next: readonly string[]
  readonly tz: string
}

/** Findings that a first look shows. */
const mostFindings = 3

/** The folders first, then what they cost. */
export function firstLookReport(facts: LookFacts): Report {
  const { folders, blocks, tz } = facts
  const [first] = blocks
  return {
    kind: 'overview',
    title: `Read ${listed(folders.map(folderWords))}`,
    // Each block has spans of its own, and the first line belongs to what was read.
    period: { since: null, until: null, tz },
    sections: blocks.map((block) => lookSection(block, tz)),
    findings: lookFindings(blocks),
    warnings: [...facts.doubts, ...new Set(blocks.flatMap(({ doubts }) => warningsOf(doubts)))],
    footer: [...facts.asides, ...(first === undefined ? [] : footerOf(first.doubts.history))],
    data: { spans: blocks.map(({ id, spans }) => ({ id, ...spans })) },
    next: facts.next,
  }
}

/** `~/.claude/projects (14 files, 3.2 MB)` */
const folderWords = ({ label, files, bytes: size }: ReadFolder): string =>
  `${label === '.' ? 'this folder' : label} (${counted(files, 'file')}, ${bytes(size)})`

const listed = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`

const monthWords = (iso: string, tz: string): string =>
  new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: tz }).format(new Date(iso))

const titles = {
  agents: 'Coding agents, at list prices; a plan may cover it',
  logs: 'Call logs',
} as const

function lookSection({ id, spans, rows, doubts }: LookBlock, tz: string): Section {
  const isCurrent = spans.today !== null
  const money = (key: string, title: string): Column => ({ key, title, kind: 'usd' })
  const columns: Column[] = [
    { key: 'feature', title: id === 'agents' ? 'project' : 'feature', kind: 'text', dimension: true },
    { key: 'model', title: 'model', kind: 'text', dimension: true },
    ...(isCurrent ? [money('today_usd', 'today'), money('week_usd', 'this week')] : []),
    money('month_usd', isCurrent ? 'this month' : monthWords(spans.month, tz)),
    { key: 'calls', title: 'calls', kind: 'count', optional: 1 },
    { key: 'unpriced_calls', title: 'unpriced', kind: 'count', dataOnly: true },
  ]
  const groups = rows.filter(({ kind }) => kind === 'group')
  const others = rows.find(({ kind }) => kind === 'others')
  const total = rows.find(({ kind }) => kind === 'total')
  const shown = groups.filter(({ is_first: isFirst }) => isFirst).map(rowOf)
  return {
    id,
    title: titles[id],
    columns,
    rows: groups.map(rowOf),
    ...(others === undefined ? {} : { shownRows: [...shown, named(others, `${count(others.groups)} more`)] }),
    ...(total === undefined ? {} : { totals: named(total, 'Total') }),
    empty: `No call up to now; ${count(doubts.history.future_calls)} are dated after now.`,
  }
}

const rowOf = ({
  feature,
  model,
  calls,
  today_usd,
  week_usd,
  month_usd,
  unpriced_calls,
}: FirstLookRow): Row => ({
  feature,
  model,
  today_usd,
  week_usd,
  month_usd,
  calls,
  unpriced_calls,
})

/** Of several groups: a model of its own it has none. */
function named(row: FirstLookRow, feature: string): Row {
  const { model: _, ...figures } = rowOf(row)
  return { ...figures, feature }
}

/** What the report would say first; then the dearest session and day. */
function lookFindings(blocks: readonly LookBlock[]): readonly Finding[] {
  const told = blocks.flatMap(({ findings }) => findings).slice(0, mostFindings - 1)
  const dear = blocks.flatMap(({ dearest, rows }) => dearest.flatMap((one) => dearestFinding(one, rows)))
  return [...told, ...dear].slice(0, mostFindings)
}

function dearestFinding(row: DearestRow, rows: readonly FirstLookRow[]): Finding[] {
  const { kind, name, feature, cost_usd: cost, calls, of_all: all } = row
  const month = rows.find((one) => one.kind === 'total')?.month_usd ?? null
  if (Number(all) < 2 || month === null) return []
  const of = `${usd(cost)} of ${usd(month)}, ${counted(calls, 'call')}`
  const text =
    kind === 'day'
      ? `${name} was the dearest of ${count(all)} days: ${of}.`
      : `The dearest of ${count(all)} sessions cost ${of}${feature === null ? '' : ` in ${feature}`}: ${name}`
  return [
    {
      kind: kind === 'day' ? 'dearest_day' : 'dearest_session',
      severity: 'info',
      dimension: kind === 'day' ? 'day' : 'session_id',
      value: name,
      measured: cost,
      bound: null,
      text,
    },
  ]
}
