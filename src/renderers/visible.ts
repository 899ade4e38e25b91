/**
 * Text from a log made harmless: whatever a terminal, an editor or a reader could take for something
 * else than letters is written out.
 */
import {
  actingClass,
  markClass,
  marksInRow,
  pictographClass,
  selectorClass,
  shownCharacter,
} from '../domain/hidden.js'

/** A variation selector after a pictograph stays. Marks that stack on nothing, or without end, do not. */
const acting = new RegExp(`(?<!${pictographClass})${selectorClass}|${actingClass}`, 'gu')
const beyondRow = `(?<=${markClass}{${marksInRow}})${markClass}`
const stacked = new RegExp(`^${markClass}|${beyondRow}`, 'gu')
const actingOrStacked = new RegExp(`${acting.source}|${beyondRow}`, 'gu')

const plainText = /^[\x20-\x7E]*$/

/** The text with hidden characters shown: ESC as ␛, a newline as ␊, others as `\u{202e}`. */
export function visible(text: string): string {
  return plainText.test(text) ? text : text.replace(acting, shownCharacter).replace(stacked, shownCharacter)
}

const beyondAscii = /[^\x20-\x7E\n]+/g

/**
 * JSON text in which hidden characters are escaped, so that the values stay what they were. `visible` leaves
 * an array or an object of it as it is.
 */
export function visibleJson(json: string): string {
  // Most of a long answer is ASCII, through which the second expression would be slow.
  return json.replace(beyondAscii, (run) => run.replace(actingOrStacked, escaped))
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}
