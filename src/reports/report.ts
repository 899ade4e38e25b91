/**
 * reports: metric rows become a Report, the one model that every renderer prints. No SQL here, no text layout.
 */

import type { Better } from '../domain/better.js'
import type { ColumnKind } from '../domain/column-kind.js'
import type { Currency } from '../domain/costs/currency.js'
import type { Severity } from '../domain/rules/severity.js'
import type { AnswerKind } from './answers.js'

/**
 * A cell as it came from the database. Decimals are exact strings, integers beyond 2^53 are bigints,
 * times are ISO 8601 UTC strings; NULL stays null. A renderer may shorten a number for people but
 * never changes one in JSON or CSV.
 */
export type Cell =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly Cell[]
  | { readonly [key: string]: Cell }

export interface Column {
  /** The key in JSON and CSV: a metric column or a column of `calls`. */
  readonly key: string
  /** The heading for people; the key in words. */
  readonly title: string
  readonly kind: ColumnKind
  /** What its amounts are in; absent: US dollars. */
  readonly currency?: Currency
  /** A dimension: null is a group of its own and shows as (none). */
  readonly dimension?: true
  /** Shown only where the terminal is wide enough; 1 goes last, higher numbers go first. */
  readonly optional?: number
  /** Amounts are shown with every digit: for answers that trace one number. */
  readonly exact?: true
  /** Its numbers were read from sketches: within half a percent of the exact ones. */
  readonly approximate?: true
  /** Of a change: whether more is for the better; absent: neither, and its colour says nothing. */
  readonly better?: Better
  /** Numbers have the digits that the database gave, without a unit: for answers to a query of one's own. */
  readonly verbatim?: true
  /** A long text goes on below, where the terminal has no room beside; others are cut. */
  readonly wraps?: true
  /** Differences: what grew has a plus. */
  readonly signed?: true
  /** Shown in JSON and CSV only. */
  readonly dataOnly?: true
  /** Of a status: how each of its words sounds; colour says no more than the word. */
  readonly tones?: Readonly<Record<string, 'good' | 'caution' | 'bad'>>
  /** Numbers have bars beside them where the terminal has room, as shares always do. */
  readonly bars?: true
  /** Of a share of a whole: the column of another share, such as the time gone, to see it against in a bar. */
  readonly against?: string
}

export type Row = Readonly<Record<string, Cell>>

export interface Section {
  /** Stable id, snake_case: the key of this section in JSON. */
  readonly id: string
  readonly title: string
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
  /** What people see in the place of very many rows; JSON and CSV have them all. */
  readonly shownRows?: readonly Row[]
  /** What people see in the place of these columns and totals, where they read another table than programs. */
  readonly shownColumns?: readonly Column[]
  readonly shownTotals?: Row
  /** What people see in the place of these notes, where programs have some of it in rows. */
  readonly shownNotes?: readonly string[]
  /** Beside the answer itself: in JSON under its id next to the answer's own keys, not in CSV. */
  readonly beside?: true
  /** Totals by column key, printed as a last row. */
  readonly totals?: Row
  /** Sentences under the table: doubts about these very numbers first. */
  readonly notes?: readonly string[]
  /**
   * `table` (default); `facts`: one row shown as a list of label and value; `sides`: rows `a`, `b`,
   * `difference` and `ratio` by their key `side`, shown as one line a figure; `blocks`: each row as the text of
   * its first shown column with those of the others under it, a sentence or nothing each; states lead the first;
   * `lines`: the first shown column of each row as a sentence; `code`: the same as lines of a program, never wrapped.
   */
  readonly layout?: 'table' | 'facts' | 'sides' | 'blocks' | 'lines' | 'code'
  /** Why there are no rows: shown instead of an empty table, and `empty` beside `rows` in JSON. */
  readonly empty?: string
  /** A picture of the rows, where a format has pictures; the table stays complete without it. */
  readonly chart?: Chart
}

/** What a section draws: one figure along its buckets, by the keys of columns. */
export interface Chart {
  /** `bars`: an amount a bucket; `line`: a level; `area`: a running sum. */
  readonly kind: 'bars' | 'line' | 'area'
  /** Buckets, in their order: a time, or a text such as `2026-10-02`. */
  readonly x: string
  readonly y: string
  /** What was to be expected, a dashed line: the norm of an hour, the forecast of a day, the median of calls. */
  readonly expected?: string
  /** Ends of the band around it, drawn where both are known. */
  readonly low?: string
  readonly high?: string
  /** Points that stand out: `true`, or a few words that say why. */
  readonly marks?: string
  /** Points whose bucket is not over: `true`. */
  readonly partial?: string
  /** What the amount is made of, by the keys of columns: stacked in this order, from below. */
  readonly parts?: readonly string[]
  /** An amount to see each against: the same weekday before, a bar behind. */
  readonly ghost?: string
  /** A level across the chart: a budget. In the unit of `y`. */
  readonly bound?: { readonly value: Cell; readonly title: string }
  /** Columns and rows to draw where they are not those of the table. */
  readonly columns?: readonly Column[]
  readonly points?: readonly Row[]
}

export interface Period {
  /** Half-open [since, until), ISO 8601 UTC; null when the answer has no window. */
  readonly since: string | null
  readonly until: string | null
  readonly tz: string
}

/** One thing in an answer that a person should look at, in words and as data. */
export interface Finding {
  /** snake_case id of what was found: `truncation_rate`, `expensive_call`. */
  readonly kind: string
  readonly severity: Severity
  /** The dimension and its value that it is about: `feature`, `search`; null for all calls. */
  readonly dimension: string | null
  readonly value: Cell
  /** The figure that was measured, and the bound that it crossed; null where there is none. */
  readonly measured: Cell
  readonly bound: Cell
  /** The sentence for people: what, how much, and what to do where that is known. */
  readonly text: string
  /** The same where room is short, without the amount that it ranks by and without a command. */
  readonly short?: string
  /** What to type next: one line, as it is. */
  readonly command?: string
  /**
   * What it is worth a look: the excess, the loss, or the cost of the calls that it touches, USD. Null where that is
   * not known; it orders findings, and has the digits of a double.
   */
  readonly touchedUsd?: number | null
  /** By a rule that the user wrote, such as a budget or a cap: never too small to be said. */
  readonly isRule?: true
  /** It may be chance: told beside the figures, and no news. */
  readonly mayBeChance?: true
  /** Further keys for programs. */
  readonly details?: Readonly<Record<string, Cell>>
}

/** A line with what to type about it. */
export interface Hint {
  readonly text: string
  /** One line, as it is. */
  readonly command?: string
}

/** A finding with what it is worth. */
export interface BriefFinding extends Hint {
  readonly severity: Severity
  /** What it ranks by, in words; empty where that is not known. */
  readonly amount: string
  /** By a rule that the user wrote: it does not give way. */
  readonly isRule?: true
}

/** What people see first in the place of a long report; programs have the whole. Every number is one of its own. */
export interface Brief {
  /** The news in a few words: the subject of a mail. */
  readonly subject: string
  /** The news in a sentence. */
  readonly opening: string
  readonly sections: readonly Section[]
  /** The gravest first. */
  readonly findings: readonly BriefFinding[]
  /** What it leaves out: how many incidents and findings. The command of the report has them with --full. */
  readonly left: { readonly incidents: number; readonly findings: number }
  /** The warnings of the report, none left out. */
  readonly doubts: readonly Hint[]
}

/**
 * A whole answer. JSON of a one-section report is {schemaVersion, kind, period, columns, rows, totals,
 * warnings}; with more sections, `sections` holds {id, title, columns, rows, totals, notes} for each. A
 * section beside the others does not count, and stands under its own id. Without rows, `empty` says why.
 */
export interface Report {
  readonly kind: AnswerKind
  readonly title: string
  /** What its money is in; absent: US dollars. */
  readonly currency?: Currency
  readonly period: Period
  readonly sections: readonly Section[]
  /** Doubts that touch the whole answer: unpriced calls, rejected lines, too little history. */
  readonly warnings: readonly string[]
  /** What stands out; a list for people, `findings` in JSON, not in CSV. Absent where nothing is looked for. */
  readonly findings?: readonly Finding[]
  /** What people see of it first; absent where they see it whole. */
  readonly brief?: Brief
  /** The command that asked for it, without what says where it goes and how long it is. */
  readonly command?: string
  /** Further top-level keys of JSON, for programs only. */
  readonly data?: Readonly<Record<string, Cell>>
  /** Commands to type next, for people. */
  readonly next?: readonly string[]
  /** Quiet facts under the answer: the price data's date, where the data came from. */
  readonly footer?: readonly string[]
}

/** Version of the JSON shape; only grows. */
export const schemaVersion = 2
