/** JSON text made harmless: what a terminal or an editor could take for something else than letters is escaped. */
import { acting, beyondRow } from '../domain/words/hidden.js'

const actingOrStacked = new RegExp(`${acting.source}|${beyondRow}`, 'gu')

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
