/** Reads the program's JSON with numbers as their own digits, so that no double hides a wrong decimal. */
import { parse } from 'lossless-json'

export type Cell = string | boolean | null | { readonly [key: string]: Cell }

export interface Answer {
  readonly rows: readonly Readonly<Record<string, Cell>>[]
  readonly totals: Readonly<Record<string, Cell>>
  readonly warnings: readonly string[]
}

/** @param text what `--json` printed */
export function answerOf(text: string): Answer {
  return parse(text, undefined, (digits) => digits) as Answer
}

/** A decimal's digits as a whole number of 1e-12. */
export function units(decimal: Cell | undefined): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(String(decimal))
  if (!match) throw new Error(`${String(decimal)} is not a decimal of at most 12 places`)
  const value = BigInt(match[2]! + (match[3] ?? '').padEnd(12, '0'))
  return match[1] === '-' ? -value : value
}
