/**
 * What a config file holds, before it is known what it means: one form for JSON and YAML, with the
 * line of everything, so that each message can name it.
 */
import { plain, readDecimal } from '../domain/costs/decimal.js'

export type Tree =
  | { readonly kind: 'group'; readonly line: number; readonly entries: readonly Entry[] }
  | { readonly kind: 'list'; readonly line: number; readonly items: readonly Tree[] }
  | { readonly kind: 'text'; readonly line: number; readonly text: string }
  /** text: all its digits, without exponent, never by way of a double; source: as it is written. */
  | { readonly kind: 'number'; readonly line: number; readonly text: string; readonly source: string }
  | { readonly kind: 'boolean'; readonly line: number; readonly text: string; readonly source: string }
  /** A key without a value: null. */
  | { readonly kind: 'nothing'; readonly line: number }
  /** What no key can be: a date, infinity. */
  | { readonly kind: 'other'; readonly line: number; readonly text: string }

export interface Entry {
  readonly key: string
  /** 1 for the first, as everywhere. */
  readonly line: number
  readonly value: Tree
}

/** Text that is not of its format, with the line of the fault. */
export class SyntaxProblem extends Error {
  readonly line: number
  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

/** A group whose keys are there once. @throws SyntaxProblem for a key that is there twice */
export function group(line: number, entries: readonly Entry[]): Tree {
  const first = new Map<string, number>()
  for (const entry of entries) {
    const before = first.get(entry.key)
    if (before !== undefined)
      throw new SyntaxProblem(entry.line, `${entry.key} is there twice, first in line ${before}`)
    first.set(entry.key, entry.line)
  }
  return { kind: 'group', line, entries }
}

export function boolean(line: number, value: boolean, source = String(value)): Tree {
  return { kind: 'boolean', line, text: String(value), source }
}

/** A number as it is written: `0.10`, `+.5`, `1_000`, `0x1f`, `1e3`; infinity and the like are other. */
export function number(line: number, source: string): Tree {
  const text = source
    .replaceAll('_', '')
    .replace(/^\+/, '')
    .replace(/^(-?)\./, '$10.')
    .replace(/\.(?=$|e)/i, '')
  const whole = /^0[xob][\da-f]+$/i.test(text)
  const decimal = readDecimal(whole ? BigInt(text) : text)
  return decimal === undefined
    ? { kind: 'other', line, text: source }
    : { kind: 'number', line, text: plain(decimal), source }
}

/** Entries with `tag: {tier: pro}` as `tag.tier: pro`: what is written with a dot elsewhere may be nested. */
export function withTags(entries: readonly Entry[]): readonly Entry[] {
  return entries.flatMap((entry) => {
    if (entry.key !== 'tag') return [entry]
    return entry.value.kind === 'nothing' ? [] : flattened(entry)
  })
}

function flattened({ key, line, value }: Entry): readonly Entry[] {
  if (value.kind !== 'group') return [{ key, line, value }]
  return value.entries.flatMap((entry) => flattened({ ...entry, key: `${key}.${entry.key}` }))
}
