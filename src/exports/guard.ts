/**
 * Texts from a log made harmless in SQL, by the very rule of the renderers (domain/words/hidden.ts): hidden
 * characters are shown, and nothing is taken for a formula. The engine's regular expressions know fewer
 * classes than ours, so classes travel as ranges of code points.
 */
import {
  actingClass,
  formulaClass,
  markClass,
  marksInRow,
  pictographClass,
  selectorClass,
} from '../domain/words/hidden.js'
import { quoteText } from '../domain/words/quoting.js'

/** Every code point that has a name and may be in a class: the first four planes, and the tags. */
const spans = [
  [0, 0xd7ff],
  [0xe000, 0x3ffff],
  [0xe0000, 0xe0fff],
] as const

const classes = new Map<string, string>()

/** The characters of a JavaScript class as the inside of a class of the engine: `\x{0}-\x{1f}…`. */
export function ranges(source: string): string {
  const known = classes.get(source)
  if (known !== undefined) return known
  const run = new RegExp(`(?:${source})+`, 'gu')
  const found = spans.flatMap(([first, last]) =>
    [...codePoints(first, last).matchAll(run)].map(([text]) => {
      const points = Array.from(text)
      return `\\x{${hex(points[0]!)}}-\\x{${hex(points.at(-1)!)}}`
    }),
  )
  const inside = found.join('')
  classes.set(source, inside)
  return inside
}

const hex = (character: string): string => character.codePointAt(0)!.toString(16)

function codePoints(first: number, last: number): string {
  const parts: string[] = []
  for (let from = first; from <= last; from += 4096) {
    const length = Math.min(4096, last - from + 1)
    parts.push(String.fromCodePoint(...Array.from({ length }, (_, i) => from + i)))
  }
  return parts.join('')
}

const isOneOf = (character: string, ...sources: readonly string[]): string =>
  `regexp_full_match(${character}, ${quoteText(`[${sources.map(ranges).join('')}]`)})`

/** SQL: true for a text that may have something to show; marks are looked at closely. */
export const mayHide = (text: string): string =>
  `regexp_matches(${text}, ${quoteText(`[${[actingClass, selectorClass, markClass].map(ranges).join('')}]`)})`

const lower = (code: string): string => `lower(to_base(${code}, 16))`

const shown = (character: string): string =>
  `CASE WHEN unicode(${character}) < 32 THEN chr(9216 + unicode(${character}))
    WHEN unicode(${character}) = 127 THEN '␡' ELSE concat('\\u{', ${lower(`unicode(${character})`)}, '}') END`

/** Two units of UTF-16 where one does not hold the character. */
const escaped = (character: string): string => {
  const unit = (code: string): string => `concat('\\u', lpad(${lower(code)}, 4, '0'))`
  const code = `unicode(${character})`
  return `CASE WHEN ${code} < 65536 THEN ${unit(code)}
    ELSE concat(${unit(`55296 + (${code} - 65536) // 1024`)}, ${unit(`56320 + (${code} - 65536) % 1024`)}) END`
}

/** SQL: each character of a text, those that act replaced; a list of texts. */
const withActing = (characters: string, replaced: (character: string) => string): string =>
  `list_transform(${characters}, lambda c, i: CASE
    WHEN ${isOneOf('c', selectorClass)} THEN
      CASE WHEN i > 1 AND ${isOneOf(`${characters}[i - 1]`, pictographClass)} THEN c ELSE ${replaced('c')} END
    WHEN ${isOneOf('c', actingClass)} THEN ${replaced('c')} ELSE c END)`

/** SQL: of such a list, the marks that stack on nothing or without end replaced too. */
const withStacked = (list: string, replaced: (character: string) => string): string =>
  `list_transform(${list}, lambda s, j: CASE WHEN ${isOneOf('s', markClass)} AND (j = 1 OR (j > ${marksInRow}
      AND len(list_filter(${list}[j - ${marksInRow}:j - 1], lambda m: ${isOneOf('m', markClass)})) = ${marksInRow}))
    THEN ${replaced('s')} ELSE s END)`

/** SQL: `value` under a name, for an expression that needs it more than once. */
const named = (value: string, name: string, expression: string): string =>
  `list_transform([${value}], lambda ${name}: ${expression})[1]`

/** SQL: the text with what is hidden in it shown; slow, so only for texts that may hide something. */
const visible = (text: string): string =>
  named(
    `string_split(${text}, '')`,
    'characters',
    named(withActing('characters', shown), 'pieces', `array_to_string(${withStacked('pieces', shown)}, '')`),
  )

/** SQL: true where a spreadsheet would compute the text. Most begin with a letter or digit: a cheap test. */
const isFormula = (text: string): string =>
  `CASE WHEN (${text} >= 'A' AND ${text} < '~') OR (${text} >= '0' AND ${text} < '=') THEN false
    ELSE regexp_matches(${text}, ${quoteText(`^${formulaClass}`)}) END`

/** SQL: a text for CSV. @param hides SQL that is true when it may hide something */
export const spreadsheetText = (text: string, hides: string): string =>
  `CASE WHEN ${isFormula(text)} THEN concat('''', CASE WHEN ${hides} THEN ${visible(text)} ELSE ${text} END)
    WHEN ${hides} THEN ${visible(text)} ELSE ${text} END`

/** SQL: JSON text with what is hidden in it escaped; the values stay what they were. */
const escapedJson = (json: string): string =>
  named(
    `string_split(${json}, '')`,
    'characters',
    named(
      withActing('characters', escaped),
      'pieces',
      `array_to_string(${withStacked('pieces', escaped)}, '')`,
    ),
  )

/** SQL: JSON text for CSV: no mark runs into its neighbours. @param hides SQL that is true when it may hide something */
export const spreadsheetJson = (json: string, hides: string): string =>
  `CASE WHEN ${hides} THEN ${escapedJson(json)} ELSE ${json} END`

/** What JSON text is searched for: a few marks in a row are letters of many languages, and quickly passed. */
const hiding = (): string =>
  `[${[actingClass, selectorClass].map(ranges).join('')}]|[${ranges(markClass)}]{${marksInRow + 1}}`

/** SQL: a line of JSON in which hidden characters are escaped. */
export const visibleJson = (json: string): string =>
  `CASE WHEN regexp_matches(${json}, ${quoteText(hiding())}) THEN ${escapedJson(json)} ELSE ${json} END`
