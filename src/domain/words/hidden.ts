/**
 * Which characters of a text from a log could act instead of being read: on a terminal, in an editor, in a
 * spreadsheet. The one list that stderr, the renderers and the exports follow.
 */

/**
 * Control, format (bidi marks, zero-width, tags), line separators, lone surrogates, and characters that
 * show as nothing. Variation selectors are not among them: those after a pictograph belong to it.
 */
export const actingClass = String.raw`(?![\uFE00-\uFE0F])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`

/** The same for the engine (RE2), which does not know the characters that show as nothing by one name. */
export const actingClassOfEngine = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\x{34f}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180f}\x{2060}-\x{206f}\x{3164}\x{ffa0}\x{fff0}-\x{fff8}\x{1bca0}-\x{1bca3}\x{1d173}-\x{1d17a}\x{e0000}-\x{e0fff}]`

/** Control characters, for patterns that a JSON Schema shows; \p{Cc} says the same. */
export const controlRange = String.raw`\u0000-\u001f\u007f-\u009f`

/** True for a text with a control character in it, a newline included. */
export const hasControl = (text: string): boolean => /\p{Cc}/u.test(text)

/** Characters that choose how the one before them looks. */
export const selectorClass = String.raw`[\uFE00-\uFE0F]`

/** What a selector may follow. */
export const pictographClass = String.raw`\p{Extended_Pictographic}`

/** Marks that combine with the letter before them. */
export const markClass = String.raw`\p{M}`

/** So many marks in a row are a letter's own; more would run into the text around it. */
export const marksInRow = 6

/** Characters with which a spreadsheet lets a formula begin, the full-width ones included. */
export const formulaClass = String.raw`[=+\-@\t\r\n＝＋－＠]`

/** How a hidden character is shown: ESC as ␛, a newline as ␊, others as `\u{202e}`. */
function shownCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0
  // Unicode has pictures of the 32 control characters, and one of DEL.
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  return code === 0x7f ? '␡' : `\\u{${code.toString(16)}}`
}

/** A variation selector after a pictograph stays. Marks that stack on nothing, or without end, do not. */
export const acting = new RegExp(`(?<!${pictographClass})${selectorClass}|${actingClass}`, 'gu')
export const beyondRow = `(?<=${markClass}{${marksInRow}})${markClass}`
const stacked = new RegExp(`^${markClass}|${beyondRow}`, 'gu')

const run = new RegExp(`(?:${actingClass}|\\p{Co})+`, 'gu')

/** The text with every run of hidden characters, and of those without a meaning, as one space. */
export const withoutHidden = (text: string): string => text.replaceAll(run, ' ')

/** True for a text in which something is hidden. */
export const hidesSomething = (text: string): boolean => visible(text) !== text

const plainText = /^[\x20-\x7E]*$/

/**
 * The text with hidden characters shown: ESC as ␛, a newline as ␊, others as `\u{202e}`. What is shown
 * already stays as it is.
 */
export function visible(text: string): string {
  return plainText.test(text) ? text : text.replace(acting, shownCharacter).replace(stacked, shownCharacter)
}

/** What joins emoji into one. */
const joiner = '\u200D'

/**
 * Several emoji that show as one by Unicode's own list: a family, a profession, a flag. Made for a text that has some:
 * the list takes some milliseconds, which every start would pay.
 */
const joinedEmoji = (): RegExp => (emojiList ??= new RegExp(String.raw`\p{RGI_Emoji_ZWJ_Sequence}`, 'gv'))
let emojiList: RegExp | undefined

/**
 * The same for pages, which have no columns: emoji with joiners stay themselves. How wide they show on a terminal,
 * nobody knows.
 */
export function visibleOnPage(text: string): string {
  if (!text.includes(joiner)) return visible(text)
  let [shown, at] = ['', 0]
  for (const { 0: emoji, index } of text.matchAll(joinedEmoji())) {
    shown += visible(text.slice(at, index)) + emoji
    at = index + emoji.length
  }
  return shown + visible(text.slice(at))
}
