/**
 * Logs whose records stand inside the lines of another program: behind a logger's prefix, or in the message of
 * a collector. One line comes out for each that goes in, so that line numbers stay those of the file; lines
 * that hold no call come out blank.
 */
import { comparable } from '../../importers/records/comparable.js'
import { fieldNames } from '../../importers/records/field-names.js'
import { isObject } from '../../importers/sample-values.js'
import { hugeLine, tooLong } from './temporary-text.js'
import { inWords, printedAs, printedWords, tellsInWords } from './printed.js'

/** Where a collector keeps the logged text, and when it was logged. */
interface Envelope {
  readonly payload: string
  readonly time: string
  /** Other keys that tell the collector; one of them must be there. */
  readonly marks: readonly string[]
  /** A text without an end of line goes on in the next record. */
  readonly splits?: true
}

const envelopes: readonly Envelope[] = [
  { payload: 'log', time: 'time', marks: ['stream'], splits: true },
  {
    payload: 'MESSAGE',
    time: '__REALTIME_TIMESTAMP',
    marks: ['__CURSOR', '__REALTIME_TIMESTAMP', '_SYSTEMD_UNIT', 'PRIORITY'],
  },
  { payload: 'jsonPayload', time: 'timestamp', marks: ['logName', 'insertId', 'resource', 'severity'] },
  { payload: 'textPayload', time: 'timestamp', marks: ['logName', 'insertId', 'resource', 'severity'] },
  {
    payload: 'message',
    time: 'timestamp',
    marks: ['timestamp', 'ingestionTime', 'logStreamName', 'logStream', 'id', 'eventId'],
  },
  { payload: '@message', time: '@timestamp', marks: ['@timestamp'] },
]

/** A line that stands outside of what wraps the others. */
const alone = (text: string): Inner => ({ text, time: undefined, partial: false, stream: '' })

/** How the records of a file are wrapped: behind a prefix, by a container runtime, or in an envelope. */
export type Wrapper = 'prefix' | 'cri' | 'envelope'

/** What a line holds. */
interface Inner {
  readonly text: string
  readonly time: string | undefined
  /** More of the same text follows in a later line. */
  readonly partial: boolean
  /** Texts of different streams do not mix. */
  readonly stream: string
}

const criLine = /^(\d{4}-\d\d-\d\dT\S+) (stdout|stderr) ([PF])(?::\S*)? ?(.*)$/s

/** What a logger writes before a message: a time, a level, or a container's name. */
const prefixStart =
  /^\s*(?:[\w./-]{1,100}\s+\|\s|\[?(?:\d{4}[-/]\d\d[-/]\d\d[T ]?|\d{1,2}:\d\d:\d\d|[A-Z][a-z]{2} +\d{1,2} \d\d:|(?:DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL|NOTICE|TRACE)\b|[\w./-]+\]))/i

const prefixTime = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d))?/

/** Where the first object of JSON begins in a text; -1 where none does. */
const beginOf = (text: string): number => text.search(/\{\s*"/)

function innerOf(line: string, wrapper: Wrapper): Inner | undefined {
  if (wrapper === 'envelope') return inEnvelope(line)
  if (wrapper === 'cri') {
    const [, time, stream, tag, text = ''] = criLine.exec(line) ?? []
    return stream === undefined ? undefined : { text, time, partial: tag === 'P', stream }
  }
  const at = beginOf(line)
  if (at < 0) return undefined
  const prefix = line.slice(0, at)
  return {
    text: line.slice(at),
    time: prefixTime.exec(prefix)?.[0].replace(',', '.'),
    partial: false,
    stream: '',
  }
}

function inEnvelope(line: string): Inner | undefined {
  const record = parsed(line)
  const found = record && envelopes.find((one) => fits(record, one))
  if (!found) return undefined
  const value = record[found.payload]
  const time = record[found.time]
  const when = typeof time === 'string' || typeof time === 'number' ? String(time) : undefined
  if (typeof value !== 'string')
    return { text: rawMember(line, found.payload), time: when, partial: false, stream: '' }
  const partial = found.splits === true && !value.endsWith('\n')
  return {
    text: value,
    time: when,
    partial,
    stream: typeof record['stream'] === 'string' ? record['stream'] : '',
  }
}

const fits = (record: Readonly<Record<string, unknown>>, { payload, marks }: Envelope): boolean =>
  (typeof record[payload] === 'string' || (payload === 'jsonPayload' && isObject(record[payload]))) &&
  marks.some((mark) => mark in record)

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The text of an object's member as it is written: numbers keep all their digits. */
function rawMember(line: string, key: string): string {
  let depth = 0
  let name = ''
  for (let i = 0; i < line.length; i++) {
    const c = line[i]
    if (c === '"') {
      const end = endOfString(line, i)
      if (depth === 1) name = line.slice(i + 1, end)
      i = end
    } else if (c === '{' || c === '[') {
      depth += 1
      if (depth === 2 && name === key) {
        const end = endOfObject(line, i)
        return line.slice(i, end)
      }
    } else if (c === '}' || c === ']') depth -= 1
  }
  return ''
}

function endOfString(text: string, from: number): number {
  let i = from + 1
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1
  return i
}

function endOfObject(text: string, from: number): number {
  let depth = 0
  for (let i = from; i < text.length; i++) {
    const c = text[i]
    if (c === '"') i = endOfString(text, i)
    else if (c === '{' || c === '[') depth += 1
    else if (c === '}' || c === ']') {
      depth -= 1
      if (depth === 0) return i + 1
    }
  }
  return text.length
}

/** Keys that a call has, and a line of anything else that is logged has not. */
const ofCalls = /"[^"\\]{0,60}(?:token|usage|cost|spend)[^"\\]{0,60}"\s*:/i

/** Keys of a call that failed before it used anything. */
const isFailedCall = (record: string): boolean =>
  /"[\w.-]{0,40}model[\w.-]{0,40}"\s*:/i.test(record) &&
  /"[\w.-]{0,40}(?:error|status|exception)[\w.-]{0,40}"\s*:/i.test(record)

/** What comes out for a text that holds no JSON of a call: blank, but where it speaks of one otherwise. */
function unread(text: string): string {
  const printed = printedAs(text)
  // A record of something else is JSON all the same.
  if (printed === 'json' && parsed(text.slice(Math.max(beginOf(text), 0))) !== undefined)
    return `\x1f${inWords}`
  if (printed !== undefined) return `\x1freject:${printedWords[printed].reason}`
  return tellsInWords(text) ? `\x1f${inWords}` : ''
}

/** The record that a line's text is; '' for what is no call. */
function recordOf({ text, time }: Inner): string {
  const trimmed = text.trim()
  // A logger may have put its own prefix before the message that a collector took.
  const record = trimmed.startsWith('{') ? trimmed : trimmed.slice(Math.max(beginOf(trimmed), 0))
  if (!record.startsWith('{') || !(ofCalls.test(record) || isFailedCall(record))) return unread(trimmed)
  const value = parsed(record)
  if (value === undefined) return beginOf(record) === 0 ? oneLine(record) : unread(trimmed)
  const when =
    time ?? prefixTime.exec(trimmed.slice(0, trimmed.length - record.length))?.[0].replace(',', '.')
  if (when === undefined || hasTime(value)) return oneLine(record)
  const rest = record.slice(1).trimStart()
  return oneLine(`{"timestamp":${JSON.stringify(when)}${rest === '}' ? '' : ','}${rest}`)
}

/** Newlines between tokens become spaces; inside texts JSON has none. */
const oneLine = (json: string): string => json.replaceAll(/[\r\n]/g, ' ')

const times = new Set(fieldNames.ts)
const bodyTimes = new Set(['created', 'createdat', 'createtime', 'timestamp'])

/** True when the record says when it was made: itself, or the body in it. */
function hasTime(record: Readonly<Record<string, unknown>>, depth = 0): boolean {
  return Object.entries(record).some(
    ([key, value]) =>
      (value !== null && value !== '' && (depth === 0 ? times : bodyTimes).has(comparable(key))) ||
      (depth < 2 && isObject(value) && hasTime(value, depth + 1)),
  )
}

/** Lines of a file's beginning that are looked at. */
const looked = 5000

/**
 * How the lines of a file's beginning are wrapped, with the first records in them.
 * @returns undefined where no line holds the record of a call in a known wrapper
 */
export function wrapperOf(
  lines: readonly string[],
): { readonly wrapper: Wrapper; readonly records: readonly Readonly<Record<string, unknown>>[] } | undefined {
  const some = lines.slice(0, looked)
  for (const wrapper of ['cri', 'envelope', 'prefix'] as const) {
    if (wrapper === 'prefix' && !isPrefixed(some)) continue
    const records = unwrapLines(
      some.filter((line) => innerOf(line, wrapper) !== undefined),
      wrapper,
    )
      .map(parsed)
      .filter((record) => record !== undefined)
    if (records.length > 0) return { wrapper, records: records.slice(0, 50) }
  }
  return undefined
}

/** True where most lines begin as loggers begin theirs. */
export function isLog(lines: readonly string[]): boolean {
  const some = lines.slice(0, 200)
  return some.filter((line) => prefixStart.test(line) || criLine.test(line)).length * 2 >= some.length
}

/** True when records stand behind what loggers write before a message, and the first line is no header of columns. */
function isPrefixed(lines: readonly string[]): boolean {
  const first = (lines[0] ?? '').split(/[\t,;|]/)[0]!.trim()
  if (times.has(comparable(first)) && !/\d/.test(first)) return false
  const inner = lines.filter((line) => beginOf(line) >= 0)
  const prefixed = inner.filter((line) => !line.trimStart().startsWith('{') && prefixStart.test(line))
  return prefixed.length > 0 && prefixed.length >= inner.length * 0.5
}

function unwrapLines(lines: readonly string[], wrapper: Wrapper): string[] {
  const unwrapper = new Unwrapper(wrapper)
  return [...lines.flatMap((line) => unwrapper.line(line)), ...unwrapper.rest()]
}

/** Puts the parts of a text together that stand in several lines; of each but the last a blank line remains. */
class Unwrapper {
  readonly #wrapper: Wrapper
  readonly #parts = new Map<string, string>()
  /** The last line was a part: what it becomes depends on what follows. */
  #open = false

  constructor(wrapper: Wrapper) {
    this.#wrapper = wrapper
  }

  /** @returns the lines that this one ends, in order */
  line(text: string): string[] {
    const done = this.#open ? [''] : []
    this.#open = false
    if (text === tooLong) return [...done, text]
    const inner = innerOf(text, this.#wrapper)
    if (inner === undefined) return [...done, recordOf(alone(text))]
    const whole = (this.#parts.get(inner.stream) ?? '') + inner.text
    if (whole.length > hugeLine) {
      this.#parts.delete(inner.stream)
      return [...done, tooLong]
    }
    if (inner.partial) {
      this.#parts.set(inner.stream, whole)
      this.#open = true
      return done
    }
    this.#parts.delete(inner.stream)
    return [...done, recordOf({ ...inner, text: whole })]
  }

  /** What remains at the end: a text whose last part is missing, so far. */
  rest(): string[] {
    return this.#open ? ['{"unfinished'] : []
  }

  get unfinished(): boolean {
    return this.#open
  }
}

/** The bytes of a wrapped log as those of its records, a line for a line. */
export async function* unwrapped(source: AsyncIterable<Buffer>, wrapper: Wrapper): AsyncGenerator<Buffer> {
  const unwrapper = new Unwrapper(wrapper)
  let carry: Buffer[] = []
  let carried = 0
  for await (const whole of source) {
    // Of a line without end only what might still be used is kept; it goes on as one that is too long.
    const isHuge = carried > hugeLine
    const end = isHuge ? whole.indexOf(0x0a) : 0
    if (end < 0) continue
    const chunk = isHuge ? Buffer.concat([Buffer.from(tooLong), whole.subarray(end)]) : whole
    if (isHuge) [carry, carried] = [[], 0]
    const cut = chunk.lastIndexOf(0x0a)
    if (cut < 0) {
      carry.push(chunk)
      carried += chunk.length
      continue
    }
    const block = Buffer.concat([...carry, chunk.subarray(0, cut)])
      .toString('utf8')
      .replace(/^\ufeff/, '')
    carry = [chunk.subarray(cut + 1)]
    carried = chunk.length - cut - 1
    const out = block
      .split('\n')
      .flatMap((line) => unwrapper.line(line.endsWith('\r') ? line.slice(0, -1) : line))
    if (out.length > 0) yield Buffer.from(`${out.join('\n')}\n`)
  }
  const last = carried > hugeLine ? tooLong : Buffer.concat(carry).toString('utf8')
  const end = last === '' ? [] : unwrapper.line(last)
  const { unfinished } = unwrapper
  const lines = [...end, ...unwrapper.rest()]
  // Without its end of line, so that the file is read anew when more of it has come.
  if (lines.length > 0) yield Buffer.from(lines.join('\n') + (last === '' && !unfinished ? '\n' : ''))
}
