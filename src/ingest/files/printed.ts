/**
 * Lines that speak of a call and are no JSON: a printed Python dict, an object as Ruby or JavaScript shows it,
 * `key=value` text, plain words. None of them can be read for certain, and none is passed over in silence.
 */
import { bearsOnMoney, freeOfMoney } from '../../importers/unread/money.js'

/** How a record is printed. */
export type Printed = 'dict' | 'object' | 'pairs' | 'json'

/** Of a printed record: why it is rejected; and of a file of them: what it is, and what to do instead. */
export const printedWords: Readonly<
  Record<Printed, { readonly reason: string; readonly file: string; readonly next: string }>
> = {
  dict: {
    reason: 'a printed Python dict, not JSON: log json.dumps(record)',
    file: 'its records are printed Python dicts, not JSON',
    next: 'Log them with json.dumps(record), one a line.',
  },
  object: {
    reason: 'a printed object, not JSON: log it as JSON',
    file: 'its records are printed objects, not JSON',
    next: 'Log them as JSON, one a line: JSON.stringify(record), record.to_json.',
  },
  pairs: {
    reason: 'key=value text, not JSON: log it as JSON',
    file: 'its records are key=value text, not JSON',
    next: 'Have the logger write JSON, one record a line.',
  },
  json: {
    reason: 'not JSON',
    file: 'its records look like JSON, but none is',
    next: 'Numbers such as NaN, single quotes and records that are cut off are no JSON: jq . FILE says where.',
  },
}

/** The name of what is left out where a line speaks of usage or money in words. */
export const inWords = 'tokens or a cost in words'

/** No line without one of these speaks of usage or money. */
const mayTell = /tok|usage|cost|spen[dt]|usd|credit/i

/** `'input_tokens': 12`, `:input_tokens=>12`, `inputTokens: 12`, `input_tokens=12`. */
const member =
  /(?<![\w.-])(:?)(['"]?)([A-Za-z_][\w.-]{0,60})\2\s{0,3}(=>|[:=])\s{0,3}(?:[A-Za-z_][\w.]{0,40}\()?['"$]?(\d[\d.,_]*)/g

const model = /(?<![A-Za-z])model(?:[_-]?(?:name|id))?['"]?\s{0,3}(?:=>|[:=])/i

/** How a line's text prints the record of a call; undefined where it does not, or is JSON. */
export function printedAs(text: string): Printed | undefined {
  if (!mayTell.test(text)) return undefined
  const counts = [...text.matchAll(member)].filter(
    ([, , , name = '', , value = '']) =>
      /[1-9]/.test(value) && bearsOnMoney(name) && freeOfMoney([name]) === undefined,
  )
  if (counts.length === 0 || (counts.length === 1 && !model.test(text))) return undefined
  const [, colon, quote, , sign] = counts[0]!
  if (quote === '"' && sign === ':') return text.includes('{') ? 'json' : undefined
  if (sign === '=') return 'pairs'
  if (quote === "'" && sign === ':') return 'dict'
  return sign === '=>' || colon === ':' || text.includes('{') ? 'object' : undefined
}

// Also a line of a record that goes over several: `"input_tokens": 12,`.
const keyed = /(?:tokens|token_?count)\b["'a-z ]{0,12}\s*[:=>]\s*["']?\d*[1-9]/i
const spoken =
  /\d[\d.,]*\s+(?:[a-z]+\s+){0,2}tokens?\b|(?:cost|spent|spend)\b[a-z ]{0,12}[:=]?\s*(?:US)?\$\s?\d*\.?\d*[1-9]/i
const ofLimits = /max|limit|window|context|remaining|budget|quota|\bper\b|tokens?\/|chunk|vocab/i

/** True where a line's text tells tokens or a cost in words. */
export const tellsInWords = (text: string): boolean =>
  mayTell.test(text) && (keyed.test(text) || spoken.test(text)) && !ofLimits.test(text)

/**
 * How the records of a file are printed, by the first lines of it.
 * @param isLog the lines look like those of a logger; else most of them must be such records
 */
export function printedIn(lines: readonly string[], isLog: boolean): Printed | undefined {
  const found = lines.map(printedAs).filter((kind) => kind !== undefined)
  if (found.length > 0 && (isLog || found.length * 2 >= lines.length)) return found[0]
  // A record over several lines, as YAML has it. What a program says of its own tokens is no call.
  if (isLog || !lines.some((line) => model.test(line))) return undefined
  const told = lines.filter((line) => keyed.test(line) && !ofLimits.test(line)).length
  return told * 2 >= lines.length ? (found[0] ?? 'pairs') : undefined
}
