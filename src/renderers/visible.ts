/**
 * Text from a log made harmless: whatever a terminal, an editor or a reader could take for something
 * else than letters is written out.
 */

/**
 * Control, format (bidi marks, zero-width, tags), line separators, lone surrogates, and characters that
 * show as nothing. A variation selector after a pictograph stays: it belongs to the emoji. Marks that
 * stack on nothing, or without end, would run into the neighbouring text.
 */
const acting =
  /(?<!\p{Extended_Pictographic})[\uFE00-\uFE0F]|(?![\uFE00-\uFE0F])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
const stacked = /^\p{M}|(?<=\p{M}{6})\p{M}/gu

const plainText = /^[\x20-\x7E]*$/

/** The text with hidden characters shown: ESC as ␛, a newline as ␊, others as `\u{202e}`. */
export function visible(text: string): string {
  return plainText.test(text) ? text : text.replace(acting, shown).replace(stacked, shown)
}

function shown(character: string): string {
  const code = character.codePointAt(0) ?? 0
  // Unicode has pictures of the 32 control characters, and one of DEL.
  if (code < 0x20) return String.fromCodePoint(0x2400 + code)
  return code === 0x7f ? '␡' : `\\u{${code.toString(16)}}`
}

const beyondAscii = /[^\x20-\x7E\n]+/g

/** JSON text in which hidden characters are escaped, so that the values stay what they were. */
export function visibleJson(json: string): string {
  // Most of a long answer is ASCII, through which the second expression would be slow.
  return json.replace(beyondAscii, (run) => run.replace(acting, escaped))
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}
