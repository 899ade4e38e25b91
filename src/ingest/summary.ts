/** What a run did, file by file: the conservation law in numbers. */
import type { RepairRule } from './repairs.js'

export interface Counts {
  readonly lines: number
  readonly imported: number
  readonly duplicates: number
  readonly superseded: number
  readonly skipped: number
  readonly rejected: number
}

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

export const noCounts: Counts = {
  lines: 0,
  imported: 0,
  duplicates: 0,
  superseded: 0,
  skipped: 0,
  rejected: 0,
}

/** Sum of counts. */
export function addCounts(files: readonly Counts[]): Counts {
  const sum = (key: keyof Counts): number => files.reduce((total, file) => total + file[key], 0)
  return {
    lines: sum('lines'),
    imported: sum('imported'),
    duplicates: sum('duplicates'),
    superseded: sum('superseded'),
    skipped: sum('skipped'),
    rejected: sum('rejected'),
  }
}
