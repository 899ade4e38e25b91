/**
 * What a key of the config file may hold. One description checks a file, and is its JSON Schema, so that
 * the two cannot come apart.
 */
import { controlRange } from '../domain/words/hidden.js'
import { closestNames } from '../domain/words/names.js'
import { UserError } from '../errors.js'
import type { Entry, Tree } from './tree.js'

export type JsonSchema = Readonly<Record<string, unknown>>
/** A value as JSON has it, for examples. */
export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json }

/** Where in the config files a value stands. */
export interface Place {
  /** Path of the file, absolute. */
  readonly file: string
  /** `budgets[0].monthly`; empty for the whole file. */
  readonly key: string
}

export interface Shape<T> {
  /** What it must be, with an example, for messages: `a path, such as costs.duckdb`. */
  readonly words: string
  readonly schema: JsonSchema
  /** Keys of a group, or of each group that it holds. */
  readonly keys?: Keys
  /** @throws UserError (usage) that names the line and the key */
  readonly read: (tree: Tree, place: Place) => T
}

/** What a key does in a config file that may be somebody else's. */
export interface Trust {
  /** What it does, after its name: `names a database`. */
  readonly does: string
  /** The values that do it; absent: every value. */
  readonly where?: (tree: Tree, place: Place) => readonly Needed[]
  /** For `init` and the documentation, where some values do it alone. */
  readonly when?: string
}

/** A value that needs trust. */
export interface Needed {
  /** `rules[2].sql`. */
  readonly key: string
  readonly line: number
  readonly value: Tree
}

export interface Key<T> {
  readonly shape: Shape<T>
  /** One sentence for the comments of `init`, the schema and the documentation. */
  readonly about: string
  /** Shown by `init`: valid as it stands. */
  readonly example: Json
  /** What holds without it, in words. */
  readonly otherwise?: string
  /** There is an option of this name, and an environment variable LLMCOST_NAME. */
  readonly option?: true
  /**
   * Of a key of the whole file: whether a file that was found on the way up may have it before it is
   * trusted. A key that says nothing may not, so that a new one is refused until somebody thought of it.
   */
  readonly trust?: 'free' | Trust
}

export type Keys = Readonly<Record<string, Key<unknown>>>
export type Values<K extends Keys> = { readonly [N in keyof K]?: K[N] extends Key<infer T> ? T : never }

export function below(place: Place, step: string | number): Place {
  const key = typeof step === 'number' ? `${place.key}[${step}]` : [place.key, step].filter(Boolean).join('.')
  return { ...place, key }
}

/** An error at a line of the file. */
export function mistake(
  { line }: { readonly line: number },
  { file }: Place,
  message: string,
  hint?: string,
): UserError {
  return new UserError(message, { code: 'usage', location: `${file}:${line}`, ...(hint ? { hint } : {}) })
}

export function misfit(tree: Tree, place: Place, words: string, hint?: string): UserError {
  const subject = place.key === '' ? 'the config file' : place.key
  if (tree.kind === 'nothing') return mistake(tree, place, `${subject} has no value`, `It must be ${words}.`)
  return mistake(tree, place, `${subject} must be ${words}; it is ${shown(tree)}`, hint)
}

/** A value, for a message: short, whatever it holds. */
function shown(tree: Tree): string {
  if (tree.kind === 'group') return 'a group of keys'
  if (tree.kind === 'list') return tree.items.length === 0 ? 'an empty list' : 'a list'
  if (tree.kind === 'nothing') return 'nothing'
  const text = tree.text.length > 40 ? `${tree.text.slice(0, 40)}…` : tree.text
  return tree.kind === 'text' ? `"${text}"` : text
}

/** Something in it, and no control character. */
const printable = String.raw`^(?=.*\S)[^${controlRange}]*$`
const printableForm = new RegExp(printable, 'u')

export interface TextRules<T> {
  /** A regular expression that the schema states. */
  readonly pattern?: string
  /** More for the schema. */
  readonly schema?: JsonSchema
  /** What a text becomes. @throws UserError, to which the line is added, or answers undefined for a misfit */
  readonly check: (text: string, place: Place) => T | undefined
  /** Kinds that may stand for a text where they are written as they are read: 7, but not 007. */
  readonly also?: readonly ('number' | 'boolean')[]
}

export function text<T = string>(words: string, rules: TextRules<T>): Shape<T> {
  const { pattern, check, also = [], schema } = rules
  const types = ['string', ...also]
  return {
    words,
    schema: { type: types.length === 1 ? 'string' : types, pattern: pattern ?? printable, ...schema },
    read: (tree, place) => {
      const given = textOf(tree, place, also)
      const value = given === undefined ? undefined : located(tree, place, () => check(given, place))
      if (value === undefined) throw misfit(tree, place, words)
      return value
    },
  }
}

function textOf(tree: Tree, place: Place, also: readonly string[]): string | undefined {
  if (tree.kind === 'text') return printableForm.test(tree.text) ? tree.text : undefined
  if ((tree.kind !== 'number' && tree.kind !== 'boolean') || !also.includes(tree.kind)) return undefined
  if (tree.source === tree.text) return tree.text
  const hint = `Write "${tree.source}" or "${tree.text}".`
  throw mistake(
    tree,
    place,
    `${place.key} is ${tree.source}, which reads as ${tree.text}: put it in quotes`,
    hint,
  )
}

/** Any text with something in it. */
export const anyText = (words: string): Shape<string> => text(words, { check: (given) => given })

export function choice<T extends string>(values: readonly T[]): Shape<T> {
  const words = `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
  return {
    words,
    schema: { enum: values },
    read: (tree, place) => {
      const found = values.find((value) => tree.kind === 'text' && tree.text === value)
      if (found !== undefined) return found
      // Of a few, the eye finds it sooner.
      const near =
        tree.kind === 'text' && values.length > 5 ? closestNames(tree.text.slice(0, 100), values) : []
      throw misfit(tree, place, words, near.length > 0 ? `The closest: ${near.join(', ')}.` : undefined)
    },
  }
}

/** A number that `fits`, which the schema states too. */
export function numeric(words: string, schema: JsonSchema, fits: (value: number) => boolean): Shape<number> {
  return {
    words,
    schema,
    read: (tree, place) => {
      const value = tree.kind === 'number' ? Number(tree.text) : Number.NaN
      if (!fits(value)) throw misfit(tree, place, words)
      return value
    },
  }
}

export interface ListRules {
  readonly least?: number
  /** One item may stand for a list of one. */
  readonly alone?: true
}

export function list<T>(
  words: string,
  of: Shape<T>,
  { least = 0, alone }: ListRules = {},
): Shape<readonly T[]> {
  const many = {
    type: least > 0 ? 'array' : ['array', 'null'],
    items: of.schema,
    ...(least > 0 ? { minItems: least } : {}),
  }
  return {
    words,
    schema: alone ? { anyOf: [of.schema, many] } : many,
    ...(of.keys === undefined ? {} : { keys: of.keys }),
    read: (tree, place) => {
      if (tree.kind === 'nothing' && least === 0) return []
      if (tree.kind === 'list' && tree.items.length >= least)
        return tree.items.map((item, i) => of.read(item, below(place, i)))
      if (alone && (tree.kind === 'text' || tree.kind === 'number')) return [of.read(tree, place)]
      throw misfit(tree, place, words)
    },
  }
}

/** A group whose names the user chooses. */
export function named<T>(words: string, of: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return {
    words,
    schema: { type: ['object', 'null'], additionalProperties: of.schema },
    ...(of.keys === undefined ? {} : { keys: of.keys }),
    read: (tree, place) =>
      Object.fromEntries(
        entriesOf(tree, place, words).map(({ key, value }) => [key, of.read(value, below(place, key))]),
      ),
  }
}

/** A group whose keys are known. */
export function group<K extends Keys>(words: string, keys: K): Shape<Values<K>> {
  return {
    words,
    schema: { type: ['object', 'null'], properties: propertiesOf(keys), additionalProperties: false },
    keys,
    read: (tree, place) => {
      const values = entriesOf(tree, place, words).map((entry) => {
        const key = Object.hasOwn(keys, entry.key) ? keys[entry.key] : undefined
        if (key === undefined) throw unknownKey(entry, place, Object.keys(keys))
        return [entry.key, key.shape.read(entry.value, below(place, entry.key))]
      })
      return Object.fromEntries(values) as Values<K>
    },
  }
}

/** Keys for a JSON Schema. */
export function propertiesOf(keys: Keys): JsonSchema {
  return Object.fromEntries(
    Object.entries(keys).map(([name, { shape, about, otherwise, example }]) => [
      name,
      {
        ...shape.schema,
        description: otherwise === undefined ? about : `${about} Default: ${otherwise}.`,
        ...(typeof example === 'object' ? {} : { examples: [example] }),
      },
    ]),
  )
}

/** The entries of a group; nothing below its name counts as an empty one. */
export function entriesOf(tree: Tree, place: Place, words: string): readonly Entry[] {
  if (tree.kind === 'nothing') return []
  if (tree.kind !== 'group') throw misfit(tree, place, words)
  return tree.entries
}

export function unknownKey(entry: Entry, place: Place, known: readonly string[]): UserError {
  const full = below(place, entry.key.length > 60 ? `${entry.key.slice(0, 60)}…` : entry.key).key
  return mistake(entry, place, `${full} is not a key that llmcost knows`, closest(entry.key, known))
}

function closest(typed: string, all: readonly string[]): string {
  const known = all.filter((name) => !name.startsWith('$'))
  const near = known.length > 8 ? closestNames(typed.slice(0, 100), known) : []
  return near.length > 0 ? `The closest: ${near.join(', ')}.` : `Known: ${known.join(', ')}.`
}

/** Adds the line to an error that the domain raises, and the key where it does not name it. */
export function located<T>(tree: { readonly line: number }, place: Place, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof UserError) || error.location !== undefined) throw error
    const message = error.message.startsWith(place.key) ? error.message : `${place.key}: ${error.message}`
    throw mistake(tree, place, message, error.hint)
  }
}
