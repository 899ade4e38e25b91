/** Values of the records of a sample. */

/** True when `value` is a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at a path of keys, undefined where absent. */
export function at(record: unknown, ...path: readonly string[]): unknown {
  let value = record
  for (const key of path) {
    if (!isObject(value)) return undefined
    value = value[key]
  }
  return value
}
