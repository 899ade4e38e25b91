/**
 * billing: what was really billed. One file a source of bills in sources/, one line in registry.ts; a source is
 * pure: it looks at a sample and answers with SQL that takes each charge's text out of a record. Reading, casting,
 * checking and replacing older bills are the same for all and happen in `ingest/bills`; nothing of it is a call.
 */
import type { billedAmounts, billedLabels } from '../domain/costs/billed.js'
import type { Sample } from '../importers/survey.js'

/** What a source takes out of a record, as text. */
export type BilledField =
  | 'start'
  | 'end'
  | 'biller'
  | 'billing_month'
  | 'exported_at'
  | 'is_llm'
  | 'quantity'
  | (typeof billedLabels)[number]
  | (typeof billedAmounts)[number]

/** Where values stand in a record. Each answers with SQL that gives text, NULL where it is absent or blank. */
export interface RecordReader {
  /** The value of a column, or at a path of keys. */
  text(...path: readonly string[]): string
  /** The first of several names that the record has a value under, case aside in CSV. */
  any(...names: readonly string[]): string
}

/** One charge of a record. Expressions are SQL and give text, but for `tags`. */
export interface Charge {
  readonly kind: 'cost' | 'usage'
  /** SQL condition; the record has no such charge where it is not true. Absent: it always has. */
  readonly when?: string
  readonly fields: Readonly<Partial<Record<BilledField, string>>>
  /** SQL of the type MAP(VARCHAR, VARCHAR). */
  readonly tags?: string
  /** The amounts are in hundredths of the currency. */
  readonly inCents?: true
  /** How many units one of `quantity` is, as SQL of a whole number. */
  readonly times?: string
}

export interface BillSource {
  readonly id: string
  /** What it reads, for help and README. */
  readonly about: string
  /** Where such bills come from. */
  readonly example: string
  /** What it is recognised by, for people. */
  readonly recognisedBy: string
  /** What is not known of a charge from it. */
  readonly lacks: string
  readonly detects: (sample: Sample) => boolean
  /**
   * Bills of one form say the same in the same way: where two of them cover a day, the newer one replaces the older
   * if they share any line item. Bills of different forms always do.
   */
  readonly form: (sample: Sample) => string
  /** `month`: each delivery holds its billing month as a whole. Absent: day by day. */
  readonly replacesBy?: 'month'
  /**
   * Of JSON whose lines hold several charges: SQL of records.
   * @param lines FROM item of `place` and `text`, JSON
   * @returns SELECT of `place`, `inner_place` (a number that orders the records of a line) and `text`; every line gives at least one
   */
  readonly records?: (lines: string) => string
  readonly charges: (read: RecordReader) => readonly Charge[]
  /** SQL condition: a record that stands for nothing, such as a bucket without results. */
  readonly isBlank?: (read: RecordReader) => string
}

/** SQL: the member of a text that is JSON, NULL where it is none. */
export const member = (text: string, key: string): string =>
  `CASE WHEN json_valid(${text}) THEN nullif(trim(json_extract_string(${text}, '$."${key}"')), '') END`

/** SQL: MAP of a text that is a JSON object of texts. */
export const tagsOf = (text: string): string =>
  `CASE WHEN json_valid(${text}) AND json_type(${text}) = 'OBJECT' THEN TRY_CAST(json_transform(${text}, '"MAP(VARCHAR, VARCHAR)"') AS MAP(VARCHAR, VARCHAR)) END`

/** SQL condition: the text is there and no zero. */
export const isCounted = (text: string): string =>
  `(${text} IS NOT NULL AND coalesce(TRY_CAST(${text} AS DOUBLE), 1) <> 0)`

/** SQL of a constant. */
export const word = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** SQL: the first that is not NULL. */
export const first = (...sqls: readonly string[]): string => `coalesce(${sqls.join(', ')})`

/** SQL: true where any of these is not NULL. */
export const anyOf = (...sqls: readonly string[]): string => `(coalesce(${sqls.join(', ')}) IS NOT NULL)`
