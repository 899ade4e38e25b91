/** Caps on trial: what each set of caps would have refused of the logged calls. */
import { capPlaces, type CapName } from '../../domain/budgets/user-caps.js'
import type { CapLimits } from '../../domain/budgets/cap-limits.js'
import type { Scope } from '../../domain/scope.js'
import { counted } from '../../domain/words/plurals.js'
import { namedWords } from '../../domain/words/subjects.js'
import { count, percent, usd } from '../../domain/words/wording.js'
import type { CappedCallsRow } from '../../metrics/budgets/caps.js'
import type { CapsReplayRow } from '../../metrics/budgets/caps-replay.js'
import { column, dataColumn } from '../columns.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Cell, Column, Finding, Report, Row, Section } from '../report.js'
import { userWarnings } from './caps-report.js'

interface Replayed {
  readonly name: string
  readonly limits: CapLimits
  readonly rows: readonly CapsReplayRow[]
}

export interface CapsReplayAnswer {
  readonly scope: Scope
  readonly sets: readonly Replayed[]
  readonly measured: CappedCallsRow
  /** As a guard does it that reserves: the output tokens of a call that names no limit. */
  readonly reserving?: { readonly outputTokens: number } | undefined
}

const title = 'Caps on trial'

export function capsReplayReport(answer: CapsReplayAnswer, doubts: Doubts): Report {
  const { scope, sets, measured } = answer
  const nothing = Number(measured.calls) === 0
  const summary = setsSection(answer)
  const { id, columns } = summary
  const details = [capsOf(sets), usersOf(sets), callsOf(sets)].filter(({ rows }) => rows.length > 0)
  return {
    kind: 'caps_replay',
    title,
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: nothing ? [{ id, title, columns, rows: [], empty: emptyText(doubts) }] : [summary, ...details],
    findings: nothing ? [] : sets.map(findingOf),
    warnings: [...warningsOf(doubts), ...userWarnings(measured)],
    footer: footerOf(doubts.history),
  }
}

/** Figures that all parts have, in this order. */
const figures: readonly Column[] = [
  column('refused_calls', 'refused', 'count'),
  column('saved_usd', 'saved', 'usd'),
]

const firstColumn = column('first_ts', 'first', 'time', 2)

export function setsSection({ sets, reserving }: Pick<CapsReplayAnswer, 'sets' | 'reserving'>): Section {
  return {
    id: 'sets',
    title,
    columns: [
      column('set', 'caps', 'text'),
      column('calls', 'of calls', 'count', 3),
      ...figures,
      column('saved_share', 'of cost', 'share', 1),
      column('users', 'users', 'count'),
      column('times', 'times', 'count'),
      firstColumn,
      dataColumn('cost_usd', 'cost', 'usd'),
      dataColumn('refused_share', 'refused share', 'share'),
      dataColumn('unpriced_calls', 'unpriced', 'count'),
    ],
    rows: sets.flatMap(({ name, rows }) =>
      rows
        .filter(({ part }) => part === 'all')
        .map((row): Row => ({
          set: name,
          calls: row.calls,
          ...figuresOf(row),
          saved_share: shareOf(row.saved_usd, row.cost_usd),
          users: row.users,
          cost_usd: row.cost_usd,
          refused_share: shareOf(row.refused_calls, row.calls),
        })),
    ),
    notes: [
      'refused: calls that a limiter would have turned down, in the order of their times; refused calls use nothing up',
      'times: requests, and hours, days and months of a user, in which a cap refused; saved: what those calls cost, if none is made again',
      ...(reserving === undefined
        ? []
        : [
            `as a guard reserves: a call is refused when what it may cost at most, by its input and its max_tokens (${count(reserving.outputTokens)} where none is logged), does not fit beside what is spent and what calls under way reserved`,
          ]),
    ],
  }
}

const figuresOf = ({ refused_calls, saved_usd, times, first_ts, unpriced_calls }: CapsReplayRow): Row => ({
  refused_calls,
  saved_usd,
  times,
  first_ts,
  unpriced_calls,
})

function capsOf(sets: readonly Replayed[]): Section {
  const rows = sets.flatMap(({ name, rows: all }) =>
    all.filter(({ part }) => part === 'cap').map((row) => ({ name, row })),
  )
  const rowOf = ({ name, row }: (typeof rows)[number], cap: Cell): Row => ({
    set: name,
    cap,
    ...figuresOf(row),
    users: row.users,
  })
  return {
    id: 'by_cap',
    title: 'What refused',
    columns: [
      ...setColumn(sets),
      column('cap', 'cap', 'text'),
      ...figures,
      column('users', 'users', 'count'),
      column('times', 'times', 'count'),
      firstColumn,
    ],
    rows: rows.map((one) => rowOf(one, one.row.cap)),
    shownRows: rows.map((one) => rowOf(one, capPlaces[one.row.cap as CapName])),
    notes: ['a limiter looks at the request first, then at the hour, the day and the month'],
  }
}

/** One set needs no column. */
const setColumn = (sets: readonly Replayed[]): Column[] => [
  { ...column('set', 'caps', 'text'), ...(sets.length === 1 ? { dataOnly: true as const } : {}) },
]

function usersOf(sets: readonly Replayed[]): Section {
  const rows = sets.flatMap(({ name, rows: all }) =>
    all
      .filter(({ part }) => part === 'user')
      .map((row): Row => ({
        set: name,
        user_id: row.user_id,
        calls: row.calls,
        ...figuresOf(row),
        cost_usd: row.cost_usd,
      })),
  )
  const touched = sets.map(({ name, rows: all }) => ({
    name,
    users: Number(all.find(({ part }) => part === 'all')?.users ?? 0),
    shown: all.filter(({ part }) => part === 'user').length,
  }))
  return {
    id: 'users',
    title: 'Users touched',
    columns: [
      ...setColumn(sets),
      { ...column('user_id', 'user', 'text'), dimension: true },
      column('calls', 'of calls', 'count', 3),
      ...figures,
      column('cost_usd', 'of cost', 'usd', 1),
      column('times', 'times', 'count'),
      firstColumn,
    ],
    rows,
    notes: touched
      .filter(({ users, shown }) => users > shown)
      .map(({ name, users, shown }) => {
        const of = sets.length === 1 ? '' : `${name}: `
        return `${of}${count(shown)} of ${counted(users, 'user', 'users')}, those with the most dollars; --top shows more`
      }),
  }
}

function callsOf(sets: readonly Replayed[]): Section {
  const rows = sets.flatMap(({ name, rows: all }) =>
    all.filter(({ part }) => part === 'call').map((row) => ({ name, row })),
  )
  const rowOf = ({ name, row }: (typeof rows)[number], cap: Cell): Row => ({
    set: name,
    ts: row.first_ts,
    call_id: row.call_id,
    user_id: row.user_id,
    cap,
    cost_usd: Number(row.unpriced_calls) > 0 ? null : row.saved_usd,
  })
  const all = sets.reduce(
    (sum, set) => sum + Number(set.rows.find(({ part }) => part === 'all')?.refused_calls ?? 0),
    0,
  )
  return {
    id: 'refused_calls',
    title: 'Calls refused first',
    columns: [
      ...setColumn(sets),
      column('ts', 'time', 'time'),
      column('call_id', 'call', 'text', 1),
      { ...column('user_id', 'user', 'text'), dimension: true },
      column('cap', 'refused by', 'text'),
      column('cost_usd', 'cost', 'usd'),
    ],
    rows: rows.map((one) => rowOf(one, one.row.cap)),
    shownRows: rows.map((one) => rowOf(one, capPlaces[one.row.cap as CapName])),
    notes: all > rows.length ? [`${count(rows.length)} of ${count(all)}; --top shows more`] : [],
  }
}

function findingOf({ name, rows }: Replayed): Finding {
  const all = rows.find(({ part }) => part === 'all')
  const [worst] = rows.filter(({ part }) => part === 'user')
  return {
    kind: 'caps_on_trial',
    severity: 'info',
    dimension: worst === undefined ? null : 'user_id',
    value: worst?.user_id ?? null,
    measured: Number(all?.saved_usd ?? 0),
    bound: null,
    text: sentence(name, all, worst),
    touchedUsd: Number(all?.saved_usd ?? 0),
    isRule: true,
    details: { set: name, refused_calls: all?.refused_calls ?? 0, users: all?.users ?? 0 },
  }
}

/** `tight refuses 310 of 24,000 calls (2 users) and saves $41.20 (31%); most: user-31 with 290 calls and $40.00` */
export function sentence(
  name: string,
  all: CapsReplayRow | undefined,
  worst: CapsReplayRow | undefined,
): string {
  if (all === undefined || Number(all.refused_calls) === 0) return `${name} refuses no call`
  const share = shareOf(all.saved_usd, all.cost_usd)
  const part = share === null ? '' : ` (${percent(share)})`
  const of = `${count(all.refused_calls)} of ${counted(all.calls, 'call', 'calls')}`
  const most =
    worst === undefined
      ? ''
      : `; most: ${namedWords('user_id', worst.user_id ?? '')} with ${counted(worst.refused_calls, 'call', 'calls')} and ${usd(worst.saved_usd)}`
  return `${name} refuses ${of} (${counted(all.users, 'user', 'users')}) and saves ${usd(all.saved_usd)}${part}${most}`
}

function shareOf(part: string | number | bigint, whole: string | number | bigint | null): number | null {
  return whole === null || Number(whole) === 0 ? null : Number(part) / Number(whole)
}
