/**
 * The kind of an error from its message: what is left when numbers and ids are taken out, so that thousands
 * of messages that differ in a request id or a limit are one kind. HTTP codes stay; the message ends where
 * a dump of JSON begins, or after 80 characters. `429` stays `429`; `Error code: 429 - {'error': …` becomes
 * `Error code: 429`; `timeout after 30000 ms (req_01Ab2C)` becomes `timeout after # ms (req_#)`.
 */
import { firstReplaced, matched, replaced } from '../dialect.js'

const longest = 80

/** A status code that stands alone, and is no port after an address. */
const code = '(^|[^0-9A-Za-z.:]|[^0-9][.:])([45][0-9][0-9])($|[^0-9A-Za-z])'
const uuid = '[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}'
/** Letters between digits: ids, not names such as gpt-4o or HTTP2Error. */
const mixedId = '[0-9A-Za-z]*[0-9][A-Za-z]+[0-9][0-9A-Za-z]*'
/** Dates, addresses, decimals: numbers joined by signs. */
const joined = '#([.,:/-]#)+'
/** Stands for the code while other digits are taken out; no text has it. */
const mark = '\u0001'

/** The kind of the error in `text`, an expression over `calls`; NULL where there is none. */
export function errorKind(text: string): string {
  const steps: readonly ((sql: string) => string)[] = [
    (sql) => firstReplaced(sql, code, String.raw`\1${mark}\3`),
    (sql) => replaced(sql, uuid, '#'),
    (sql) => replaced(sql, mixedId, '#'),
    (sql) => replaced(sql, '[0-9]+', '#'),
    (sql) => replaced(sql, joined, '#'),
    (sql) => `replace(${sql}, '${mark}', ${matched(text, code, 2)})`,
    (sql) => replaced(sql, String.raw`\s+`, ' '),
    // A message that begins with a dump has nothing else to show.
    (sql) => firstReplaced(sql, '^(.{2,}?) ?[{].*$', String.raw`\1`),
    (sql) => `left(${sql}, ${longest})`,
    (sql) => replaced(sql, '^[ :;,.-]+|[ :;,.-]+$', ''),
  ]
  const kind = steps.reduce((sql, step) => step(sql), text)
  return `coalesce(nullif(${kind}, ''), left(${text}, ${longest}))`
}
