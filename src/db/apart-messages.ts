/** What a process that runs statements apart and its parent tell each other. */
import type { ErrorCode } from '../errors.js'
import type { Copies } from './archive/lending.js'
import type { Parameters } from './asker.js'
import type { ResultRow } from './database.js'

/** Values that an answer may hold. */
export const mostCells = 20_000_000
/** Characters that the texts of an answer may come to. */
export const mostText = 2 ** 28

export interface Start {
  /** Of the store. */
  readonly path: string
  readonly options: {
    readonly lockTimeoutMs: number
    readonly memoryLimit?: string | undefined
    readonly threads?: number | undefined
    readonly archive?: string | undefined
    readonly copies?: Copies | undefined
  }
  /** The system limits nothing, and needs not to. */
  readonly unlimited: boolean
}

export interface Order {
  readonly sql: string
  /** Undefined: it is bound, and not run. */
  readonly params?: Parameters | undefined
}

export type Column = { readonly name: string; readonly type: string }

export type Answer =
  | { readonly kind: 'waiting'; readonly pid: string }
  | { readonly kind: 'mended' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'columns'; readonly columns: readonly Column[] }
  | { readonly kind: 'rows'; readonly rows: readonly ResultRow[] }
  | { readonly kind: 'done' }
  | {
      readonly kind: 'refused'
      readonly message: string
      readonly code: ErrorCode
      readonly hint: string | undefined
      readonly location: string | undefined
      /** An archived day whose calls it would need. */
      readonly archivedDay?: string | undefined
    }
  /** In DuckDB's words. */
  | { readonly kind: 'failed'; readonly message: string }
