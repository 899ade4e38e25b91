/** What signatures ask of a record. */
import { at, isObject } from '../sample-values.js'

type Values = Readonly<Record<string, unknown>>

/** True when the record has all of these keys, whatever they hold. */
export const has = (record: Values, ...keys: readonly string[]): boolean =>
  keys.every((key) => Object.hasOwn(record, key))

/** True when the record has one of these keys. */
export const hasAny = (record: Values, ...keys: readonly string[]): boolean =>
  keys.some((key) => Object.hasOwn(record, key))

/** True when an object with all of these keys stands at the path. */
export function hasAt(record: Values, path: readonly string[], ...keys: readonly string[]): boolean {
  const value = at(record, ...path)
  return isObject(value) && has(value, ...keys)
}

/** True when the first object in the list at `key` has one of these keys. */
export function listHas(record: Values, key: string, ...keys: readonly string[]): boolean {
  const list = record[key]
  return Array.isArray(list) && list.some((item) => isObject(item) && keys.some((name) => name in item))
}

/** The text at a key; '' for everything else. */
export const word = (record: Values, key: string): string => {
  const value = record[key]
  return typeof value === 'string' ? value : ''
}
