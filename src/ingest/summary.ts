/** What a run did, file by file. */
import type { Counts } from '../domain/record-counts.js'
import type { RepairRule } from './repairs.js'

export type FileState = 'read' | 'unchanged' | 'empty' | 'refused'

export interface FileSummary extends Counts {
  readonly label: string
  readonly importer: string | null
  readonly state: FileState
  /** Why it was refused, or what else is to be known. */
  readonly note: string | null
  /** For a refused file: its first reasons. */
  readonly reasons: readonly { readonly line: number; readonly reason: string }[]
  readonly repairs: Readonly<Partial<Record<RepairRule, number>>>
}

export interface IngestSummary {
  readonly files: readonly FileSummary[]
  readonly totals: Counts
  /** Models without a price among the calls that were read. */
  readonly unpricedModels: readonly {
    readonly provider: string | null
    readonly model: string | null
    readonly calls: number
  }[]
  readonly priceData: string
  readonly dryRun: boolean
}
