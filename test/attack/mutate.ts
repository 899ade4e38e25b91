/** Lines that are nearly right: the structure of a record is kept, and something in it is what nobody expects. */
import type { Dice } from './size.js'

type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
type Holder = Json[] | { [key: string]: Json }

/** Whole numbers around the edges of 32, 53, 63 and 64 bits and of our own bounds, and numbers that are none. */
const numbers: readonly string[] = [
  ...[31n, 32n, 53n, 63n, 64n].flatMap((bits) =>
    [-1n, 0n, 1n].flatMap((by) => [`${2n ** bits + by}`, `-${2n ** bits + by}`]),
  ),
  '999999999', '1000000000', '1000000001', '100000', '100000.000000000001', '0', '-0', '-1', '1.5', '0.1e-400',
  '1e18', '1e19', '1e38', '99999999999999999999999999999999999999', '1e308', '1e309', '-1e309', '0.0000000000001',
  'NaN', 'Infinity', '00012', '+5', '0x10', '1_000', '1,000', '.5', '5.',
] // prettier-ignore

const badKeys: readonly string[] = [
  '', ' ', '.', '$', '$.a', '*', '[0]', '"', "'", "''; DROP TABLE calls; --", '\\', '/', '~', '\u0000', '\u001b[31m', '\ud800',
  '__proto__', 'constructor', 'toString', 'length', 'a.b', 'ä', '\u202e', 'usage', 'tokens', 'cost', 'model', 'k'.repeat(3000),
] // prettier-ignore

const times: readonly Json[] = [
  '2026-02-30T00:00:00Z', '99999-01-01', '1969-12-31', '2026-10-01T24:00:00Z', '2026-10-01T00:00:00+99:00', 'infinity', 'epoch',
  'now', 'today', '', 0, -1, 1e13, 1e16, 1e19, 253402300800, 9007199254740992, true, '2026-10-05 08:00:00 Europe/Nowhere',
] // prettier-ignore

/** Stands for the raw text of a number until the record is written. */
const raw = (text: string): string => `\u0001raw:${text}\u0002`
const written = (record: Json): string =>
  JSON.stringify(record).replaceAll(/"\\u0001raw:(.*?)\\u0002"/g, (_, text: string) => text)

/** Every place of a value: its holder and key. */
function places(holder: Holder, found: [Holder, string | number][] = []): [Holder, string | number][] {
  for (const key of Array.isArray(holder) ? holder.keys() : Object.keys(holder)) {
    found.push([holder, key])
    const value = (holder as Record<string | number, Json>)[key]
    if (typeof value === 'object' && value !== null) places(value, found)
  }
  return found
}

const deep = (depth: number): Json => {
  let value: Json = 1
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value }
  return value
}

/** A value of another kind or size than the one that stands there. */
function otherValue(value: Json, throws: Dice): Json {
  const isTime = typeof value === 'string' && /^\d{4}-\d\d/.test(value)
  if (isTime && throws.chance(0.6)) return throws.oneOf(times)
  if (typeof value === 'number' && throws.chance(0.8)) {
    const text = throws.oneOf(numbers)
    return throws.chance(0.3) ? text : raw(text)
  }
  return throws.oneOf<() => Json>([
    () => null,
    () => true,
    () => '',
    () => 'x'.repeat(throws.oneOf([1, 201, 5000])),
    () => [],
    () => ({}),
    () => [value],
    () => ({ value }),
    () => JSON.stringify(value),
    () => deep(throws.oneOf([3, 50, 400])),
    () => raw(throws.oneOf(numbers)),
    () => throws.oneOf(badKeys),
  ])()
}

function mutateRecord(record: Json, throws: Dice): Json {
  if (typeof record !== 'object' || record === null) return record
  const all = places(record)
  if (all.length === 0) return record
  const [holder, key] = throws.oneOf(all)
  const at = holder as Record<string | number, Json>
  const what = throws.below(10)
  if (what < 6) at[key] = otherValue(at[key] ?? null, throws)
  else if (what === 6 && !Array.isArray(holder)) delete at[key]
  else if (what === 7 && !Array.isArray(holder)) {
    const value = at[key] ?? null
    delete at[key]
    define(holder, throws.oneOf(badKeys), value)
  } else if (!Array.isArray(holder)) define(holder, throws.oneOf(badKeys), raw(throws.oneOf(numbers)))
  else holder.push(otherValue(at[key] ?? null, throws))
  return record
}

/** Also `__proto__` as a key like others. */
const define = (holder: Holder, key: string, value: Json): void =>
  void Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })

/** What goes wrong between the record and the disk. No newline comes in or goes. */
const inText: readonly ((line: string, throws: Dice) => string)[] = [
  (line, throws) => line.slice(0, throws.below(line.length + 1)),
  (line, throws) => line.slice(throws.below(line.length + 1)),
  (line) => `${line}}`,
  (line) => line + line,
  (line) => `\ufeff${line}`,
  (line) => `[${line}]`,
  (line) => ` \t${line} `,
  (line) => `${line},`,
  (line) => `2026-10-05 08:00:00,123 INFO app ${line}`,
  (line, throws) => at(line, throws, '\u0000'),
  (line, throws) => at(line, throws, '\u0001'),
  (line, throws) => at(line, throws, throws.oneOf(['"', '\\', '{', ']', ',', '\u007f', '\ud83d', '\udc00'])),
  // Twice the same key: the second says another thing.
  (line, throws) => line.replace(/"([^"]{1,40})":(\d+)/, (all, key, _value) => `${all},"${key}":${throws.oneOf(numbers)}`),
  () => '',
  () => '   ',
  () => 'null',
  () => '{}',
  () => '[]',
  () => '-',
] // prettier-ignore

const at = (line: string, throws: Dice, text: string): string => {
  const place = throws.below(line.length + 1)
  return line.slice(0, place) + text + line.slice(place)
}

/** One line, from a sound record. */
export function fuzzedLine(sample: string, throws: Dice): string {
  let line = sample
  if (throws.chance(0.8)) {
    let record = JSON.parse(sample) as Json
    for (let left = 1 + throws.below(3); left > 0; left--) record = mutateRecord(record, throws)
    line = written(record)
  }
  return throws.chance(0.2) ? throws.oneOf(inText)(line, throws) : line
}

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

/**
 * One row of CSV, from a sound one: other values, fewer or more cells, and JSON without its quotes.
 * @param torn also with a quote that nothing closes, after which no two readers count the rows alike
 */
export function fuzzedRow(sample: readonly string[], throws: Dice, torn: boolean): string {
  const row = mutatedRow(sample, throws, torn)
  // A line of nothing, or of spaces, would be no row.
  return row.trim() === '' ? 'x' : row
}

function mutatedRow(sample: readonly string[], throws: Dice, torn: boolean): string {
  const cells = [...sample]
  for (let left = throws.below(3); left > 0; left--) {
    const at = throws.below(cells.length)
    const isTime = /^\d{4}-/.test(cells[at] ?? '')
    cells[at] = String(
      isTime ? throws.oneOf(times) : throws.oneOf([...numbers, ...badKeys, '', '{"a": 1, "b": 2}']),
    )
  }
  const texts: string[] = cells.map(quoted)
  const what = throws.below(20)
  if (what === 0) return texts.slice(0, 1 + throws.below(texts.length)).join(',')
  if (what === 1) return [...texts, ...texts.slice(0, 1 + throws.below(3))].join(',')
  if (what === 2) return texts.map((cell, i) => (i === 3 ? '{"in": 1,"out":2}' : cell)).join(',')
  if (torn && what === 3) return `${texts.join(',')}"`
  if (torn && what === 4) return texts.join(',').replace(',', ',"')
  return texts.join(',')
}
