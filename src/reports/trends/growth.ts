/** Growth from week to week by group, and what grows week after week. */
import type { Bounds } from '../../domain/bounds.js'
import { centerDimension, dimensionNoun, type Dimension } from '../../domain/dimensions.js'
import { growthOf, type Growth } from '../../domain/growth.js'
import { localDate } from '../../domain/time/periods.js'
import type { Scope, Window } from '../../domain/scope.js'
import { dayMs } from '../../domain/time/zones.js'
import { spanOptions, type Typed } from '../../domain/words/commands.js'
import { namedWords } from '../../domain/words/subjects.js'
import { change, count, money, percent } from '../../domain/words/wording.js'
import type { GrowthRow } from '../../metrics/growth.js'
import { changeColumn, column, dimensionColumn } from '../columns.js'
import type { Cell, Column, Finding, Row, Section } from '../report.js'

export interface GrowthAnswer {
  readonly scope: Scope
  readonly by: readonly Dimension[]
  /** Whole weeks since the log began, oldest first. */
  readonly weeks: readonly Window[]
  readonly rows: readonly GrowthRow[]
  readonly bounds: Bounds
  /** Groups that people see. */
  readonly top: number
  /** Commands of hints, so that they ask the same calls. */
  readonly typed: Typed
}

interface GrowthLine {
  readonly keys: readonly (string | number | boolean | null)[]
  readonly isTotal: boolean
  /** Null before the first whole week of the group. */
  readonly costs: readonly (string | null)[]
  readonly growth: Growth
}

export function growthPart(answer: GrowthAnswer): { sections: Section[]; findings: Finding[] } {
  const lines = answer.rows.map((row) => lineOf(row, answer))
  // What is too small to be named is said in dollars.
  const findings = answer.scope.currency === undefined ? findingsOf(answer, lines) : []
  return { sections: [growthSection(answer, lines)], findings }
}

/** The week in which a group begins is no week to grow from. */
function lineOf(row: GrowthRow, { by, weeks }: GrowthAnswer): GrowthLine {
  const firstWhole = Math.ceil(Number(row.first_day) / 7)
  const costs = weeks.map((_, i) => (i < firstWhole ? null : (row[`w${i}`] ?? null)))
  return {
    keys: by.map((_, i) => row[`d${i}`] ?? null),
    isTotal: row.is_total,
    costs,
    growth: growthOf(costs),
  }
}

/** Where it is not known. @param why in words */
export function noGrowth(by: readonly Dimension[], why: string): { sections: Section[] } {
  const title = `Growth by ${by.map(dimensionNoun).join(' and ')}`
  return { sections: [{ id: 'growth', title, columns: columnsOf(by), rows: [], empty: `not known: ${why}` }] }
}

function growthSection(answer: GrowthAnswer, lines: readonly GrowthLine[]): Section {
  const { by, rows, top, weeks } = answer
  const noun = by.map(dimensionNoun).join(' and ')
  const total = lines.find(({ isTotal }) => isTotal)
  const groups = lines.filter(({ isTotal }) => !isTotal).map((line) => rowOf(line, answer))
  const head = { id: 'growth', title: `Growth by ${noun}`, columns: columnsOf(by) }
  if (weeks.length < 2 || total === undefined) {
    return { ...head, rows: [], empty: 'too little history: growth needs two whole weeks of calls' }
  }
  const all = Number(rows.find((row) => !row.is_total)?.groups ?? 0)
  const unpriced = Number(rows.find((row) => row.is_total)?.unpriced_calls ?? 0)
  return {
    ...head,
    rows: groups,
    ...(groups.length > top && { shownRows: groups.slice(0, top) }),
    totals: rowOf(total, { ...answer, by: [] }),
    notes: [
      weeksNote(answer),
      ...(all > top ? [`The ${count(top)} dearest of the last week, of ${count(all)}.`] : []),
      ...(unpriced > 0 ? [`${count(unpriced)} calls of these weeks have no price and are not in it.`] : []),
    ],
  }
}

function weeksNote({ weeks, scope }: GrowthAnswer): string {
  const last = weeks.at(-1)
  if (last?.since === null || last?.until === null || last === undefined) return ''
  const first = localDate(last.since, scope.tz)
  const end = new Date(Date.parse(localDate(last.until, scope.tz)) - dayMs).toISOString().slice(0, 10)
  return `Weeks of seven whole days; the last is ${first} to ${end}.`
}

function columnsOf(by: readonly Dimension[]): Column[] {
  return [
    ...by.map(dimensionColumn),
    column('weekly_cost_usd', 'cost by week', 'series'),
    column('last_week_cost_usd', 'last week', 'usd'),
    changeColumn('last_week_change', 'change', 'cost_usd'),
    column('growing_weeks', 'weeks grown', 'count', 3),
    changeColumn('growth_rate', 'growth a week', 'cost_usd', 2),
    column('doubling_weeks', 'doubles in weeks', 'number', 1),
  ]
}

/** A rate of a week or two is chance: it is said from as many weeks on as make a finding. */
function rowOf({ keys, costs, growth }: GrowthLine, { by, bounds }: GrowthAnswer): Row {
  const lasting = growth.growing >= bounds.growth_weeks
  return {
    ...Object.fromEntries(by.map(({ key }, i): [string, Cell] => [key, keys[i] ?? null])),
    weekly_cost_usd: costs,
    last_week_cost_usd: costs.at(-1) ?? null,
    last_week_change: growth.change,
    growing_weeks: growth.growing,
    growth_rate: lasting ? growth.rate : null,
    doubling_weeks: lasting ? growth.doublingWeeks : null,
  }
}

/** The total first, then the dearest. */
function findingsOf(answer: GrowthAnswer, lines: readonly GrowthLine[]): Finding[] {
  const { bounds } = answer
  return lines
    .toSorted((a, b) => Number(b.isTotal) - Number(a.isTotal))
    .filter(
      ({ growth: { growing, rate }, costs }) =>
        growing >= bounds.growth_weeks &&
        (rate ?? 0) >= bounds.growth_rate &&
        Number(costs.at(-1)) >= bounds.growth_usd,
    )
    .map((line) => findingOf(line, answer))
}

function findingOf({ keys, isTotal, costs, growth }: GrowthLine, answer: GrowthAnswer): Finding {
  const { by, bounds } = answer
  const single = by.length === 1
  const [before, last] = [costs.at(-1 - growth.growing) ?? null, costs.at(-1) ?? null]
  const what = isTotal
    ? 'the whole cost'
    : `the cost of ${by.map((one, i) => named(one, keys[i] ?? null)).join(', ')}`
  const run = `${growth.growing} weeks in a row, by ${percent(growth.rate)} a week (${money(before)} → ${money(last)})`
  const doubling = doublingWords(growth.doublingWeeks)
  return {
    kind: 'sustained_growth',
    severity: 'warning',
    dimension: isTotal ? null : by.map(({ key }) => key).join(','),
    value: isTotal ? null : single ? (keys[0] ?? null) : keys,
    measured: growth.rate,
    bound: bounds.growth_rate,
    text: `${what} grew ${run}; at that rate it doubles in ${doubling}${isTotal ? '' : whoText(answer, keys)}`,
    short: `${what} grew ${run}`,
    ...(isTotal ? {} : whoCommand(answer, keys)),
    touchedUsd: before === null || last === null ? null : Number(last) - Number(before),
    details: {
      growing_weeks: growth.growing,
      doubling_weeks: growth.doublingWeeks,
      before_cost_usd: before,
      last_week_cost_usd: last,
      last_week_change: growth.change,
    },
  }
}

function named(dimension: Dimension, key: GrowthLine['keys'][number]): string {
  if (key === null) return `calls without a ${dimensionNoun(dimension)}`
  return namedWords(dimension.key, String(key))
}

function doublingWords(weeks: number | null): string {
  if (weeks === null) return change(null)
  if (weeks < 1.5) {
    const days = Math.max(1, Math.round(weeks * 7))
    return days === 1 ? 'a day' : `${days} days`
  }
  return `${weeks < 10 ? Number(weeks.toFixed(1)) : count(Math.round(weeks))} weeks`
}

/** The question that says who, where a shell takes its values as they are. */
function whoText(answer: GrowthAnswer, keys: GrowthLine['keys']): string {
  const { command } = whoCommand(answer, keys)
  return command === undefined ? '' : `; see ${command}`
}

function whoCommand(
  { by, weeks, scope, typed }: GrowthAnswer,
  keys: GrowthLine['keys'],
): Pick<Finding, 'command'> {
  const filters = by.map(({ key }, i) => `${key}=${String(keys[i])}`)
  if (keys.includes(null) || !filters.every((filter) => /^[\w./:@=-]+$/.test(filter))) return {}
  // What a cost center gets of shared cost knows no users.
  const other = by.some(({ key }) => key === 'user_id' || key === centerDimension.key) ? 'model' : 'user'
  const until = spanOptions({ since: null, until: weeks.at(-1)?.until ?? null }, scope.tz)
  const where = filters.map((one) => ` --where ${one}`).join('')
  return { command: typed(`llmcost trend --every week${where} --by ${other}${until}`) }
}
