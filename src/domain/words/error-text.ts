/**
 * Texts of errors without what a provider quotes back: an error of a call often repeats the prompt that it
 * is about, and prompts are never stored.
 */

import { quoteText } from './quoting.js'
/** What stands in the place of a quotation. */
const gone = '…'
/** Quotations up to this length are names: of a parameter, a field, a model. */
const longestName = 20
/** Of longer texts only so much is looked at: what is kept is far shorter. */
const longestText = 4000

/** Names before what a caller has written: `prompt: …`, `'message': '…'`, `input_value={…`. */
const givenBy = String.raw`(?:prompt|message|input)(?:s|_?texts?|_?values?)?`

/** A quotation with its marks; one that is cut off ends with the text. An apostrophe within a word ends none. */
const quotation = (open: string, close: string, least: number): string =>
  close === "'"
    ? String.raw`${open}(?:[^'\\]|\\.|'[0-9A-Za-z]){${least},}(?:'|\\?$)`
    : String.raw`${open}(?:[^${close}\\]|\\.){${least},}(?:${close}|\\?$)`

const marks: readonly (readonly [string, string])[] = [
  ['"', '"'],
  ["'", "'"],
  ['`', '`'],
  ['“', '”'],
  ['‘', '’'],
  ['«', '»'],
]

/** Codes of providers, such as `'invalid_request_error'`, are longer than most names, and nobody's text. */
const code = String.raw`[a-z]{1,30}(?:_[a-z]{1,30}){0,5}_(?:error|exception|exceeded|limit|quota|reached|found|denied|invalid|required|missing|expired|unavailable|unsupported|overloaded|timeout|filter|violation|available|allowed|key|parameter)`

/** Stand for the marks around a code while quotations are taken out. */
const held: readonly (readonly [mark: string, holder: string])[] = [
  ['"', '\uE000'],
  ["'", '\uE001'],
  ['`', '\uE002'],
]

/** In turn: each pattern with what takes its place. */
const steps: readonly (readonly [pattern: string, replacement: string])[] = [
  // A name, then its quoted value: the value goes, what follows it stays.
  ...marks.map(([open, close]): readonly [string, string] => [
    String.raw`(?is)((?:^|[^0-9A-Za-z])${givenBy}\\?["'\x60]?\s*[:=]\s*)${quotation(open, close, 0)}`,
    String.raw`\1${gone}`,
  ]),
  // A name, then a value without quotes: nobody can tell where it ends.
  [
    String.raw`(?is)((?:^|[^0-9A-Za-z])${givenBy}\\?["'\x60]?\s*[:=]\s*)[^\s${gone}].*$`,
    String.raw`\1${gone}`,
  ],
  ...held.map(([mark, holder]): readonly [string, string] => [
    `${mark}(${code})${mark}`,
    String.raw`${holder}\1${holder}`,
  ]),
  ...marks.map(([open, close]): readonly [string, string] => [
    String.raw`(?s)(^|[^0-9A-Za-z${gone}])${quotation(open, close, longestName + 1)}`,
    String.raw`\1${open}${gone}${close}`,
  ]),
  ...held.map(([mark, holder]): readonly [string, string] => [holder, mark]),
]

/**
 * SQL: the error's text without quotations of over 20 characters, and without what stands after a name such as
 * `prompt:`. Done twice, it is as done once.
 */
export function withoutQuotations(error: string): string {
  const cleaned = steps.reduce(
    (sql, [pattern, replacement]) =>
      `regexp_replace(${sql}, ${quoteText(pattern)}, ${quoteText(replacement)}, 'g')`,
    `left(${error}, ${longestText})`,
  )
  // Most errors are a word or a code.
  return `CASE WHEN regexp_matches(${error}, '["''\x60“‘«:=]') THEN ${cleaned} ELSE ${error} END`
}
