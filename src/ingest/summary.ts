/** What a run did, file by file. */
import type { BillTotals } from '../domain/costs/billed.js'
import type { LoggedCostRow } from '../domain/costs/logged-costs.js'
import type { Counts } from '../domain/record-counts.js'
import type { CacheHabit } from './typing/cache-reading.js'
import type { Placeholders } from './typing/placeholders.js'
import type { RepairRule } from './typing/repairs.js'

/**
 * What became of a file. Of those that only stand in a folder, `not-a-log` is no call log, and `not-read`
 * may hold calls or money; neither is a failure.
 */
export type FileState = 'read' | 'unchanged' | 'empty' | 'refused' | 'not-a-log' | 'not-read'

export interface FileSummary extends Counts {
  readonly label: string
  readonly importer: string | null
  readonly state: FileState
  /** Why it was refused, or what else is to be known. */
  readonly note: string | null
  /** For a refused file: its first reasons. */
  readonly reasons: readonly { readonly line: number; readonly reason: string }[]
  readonly repairs: Readonly<Partial<Record<RepairRule, number>>>
  /** By field of a call: the names under which the file has it; those of the importer's own format are left out. */
  readonly fields?: Readonly<Record<string, readonly string[]>>
}

/** The calls that a run brought, together. */
export interface Brought {
  readonly calls: number
  /** ISO 8601 UTC; null where there is none. */
  readonly first_ts: string | null
  readonly last_ts: string | null
  /** USD, exact; null where none has a price. */
  readonly cost_usd: string | null
  readonly unpriced_calls: number
}

/** A model whose calls have no cost. */
export interface UnpricedModel {
  readonly provider: string | null
  /** Null: the calls name none. */
  readonly model: string | null
  readonly calls: number
}

/** A call as it is read, beside what it was read from. */
export interface MappedCall {
  /** The file, as it is shown. */
  readonly label: string
  readonly line: number
  /** ISO 8601 UTC */
  readonly ts: string
  readonly model: string | null
  readonly feature: string | null
  readonly user_id: string | null
  readonly input_tokens: number | null
  readonly output_tokens: number | null
  readonly cost_usd: string | null
  /** The beginning of the line; null where it is not at hand. */
  readonly raw: string | null
}

export interface IngestSummary {
  readonly files: readonly FileSummary[]
  /** Sentences on what the files are to each other and to the store. */
  readonly notes: readonly string[]
  readonly totals: Counts
  readonly brought: Brought
  /** What bills said. */
  readonly bills: readonly BillTotals[]
  /** Models of the calls that were brought in and have no cost. */
  readonly unpricedModels: readonly UnpricedModel[]
  /** How cached tokens were read where the source leaves that open. */
  readonly cacheHabits: readonly CacheHabit[]
  /** Calls of earlier runs whose tokens were read anew. */
  readonly reread: number
  /** Models whose logged costs differ from those that count. */
  readonly loggedCosts: readonly LoggedCostRow[]
  /** Calls whose output was logged before it was complete. */
  readonly placeholders?: Placeholders | undefined
  /** What the records say of usage or money that was not read, by name, the most calls first. */
  readonly unread: readonly UnreadUsage[]
  readonly priceData: string
  readonly dryRun: boolean
  /** Of a rehearsal: the first calls. */
  readonly mapped?: readonly MappedCall[] | undefined
}

/** Something that records say of usage, tier, speed, place or money and that was not read. */
export interface UnreadUsage {
  readonly name: string
  readonly calls: number
  readonly files: number
  /** The file, where it is one. */
  readonly label: string | null
  /** True where the records that say it were left out as no calls. */
  readonly skipped: boolean
}
