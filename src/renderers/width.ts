/** Text as wide as it shows: CJK and emoji take two columns, combining marks none. */
import { eastAsianWidth } from 'get-east-asian-width'

/** One column a character: ASCII, and what tables are drawn with (– … ─ █ ▏). */
export const simple = /^[\x20-\x7E\u2013\u2026\u2500-\u259F]*$/
/** What shows as a picture by itself, or is made one by the selector after it. */
const picture = /^(?:\p{Emoji_Presentation}|\p{Regional_Indicator})|\uFE0F/u
/** Marks that take a column of their own (`Mc`) are not among them. */
const invisible = /^[\p{Mn}\p{Me}\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}]/u

let segmenter: Intl.Segmenter | undefined

/** Columns that a text takes. */
export function width(text: string): number {
  if (simple.test(text)) return text.length
  return characters(text).reduce((sum, character) => sum + characterWidth(character), 0)
}

/** Of a cluster the first character counts: what follows is drawn over it. */
function characterWidth(character: string): number {
  if (picture.test(character)) return 2
  return invisible.test(character) ? 0 : eastAsianWidth(character.codePointAt(0) ?? 0)
}

function characters(text: string): string[] {
  if (simple.test(text)) return text.split('')
  // Loading the tables for this takes longer than most answers, and few need it.
  segmenter ??= new Intl.Segmenter()
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

/** How many of the letters fit. */
function fitting(letters: readonly string[], room: number): number {
  let used = 0
  const over = letters.findIndex((letter) => (used += width(letter)) > room)
  return over === -1 ? letters.length : over
}

/** Cuts to `room` columns with … at the end. */
export function cutEnd(text: string, room: number): string {
  if (width(text) <= room) return text
  const letters = characters(text)
  return room < 1 ? '' : `${letters.slice(0, fitting(letters, room - 1)).join('')}…`
}

/** Cuts to `room` columns with … in the middle: of names and ids, both ends tell. */
export function cutMiddle(text: string, room: number): string {
  if (width(text) <= room) return text
  if (room < 5) return cutEnd(text, room)
  const letters = characters(text)
  const head = letters.slice(0, fitting(letters, Math.ceil((room - 1) / 2))).join('')
  const tail = letters.slice(letters.length - fitting(letters.toReversed(), room - 1 - width(head)))
  return `${head}…${tail.join('')}`
}

/** Fills up with spaces on the right, or on the left. */
export function pad(text: string, room: number, side: 'left' | 'right' = 'right'): string {
  const space = ' '.repeat(Math.max(0, room - width(text)))
  return side === 'right' ? text + space : space + text
}

/** Breaks at spaces into lines of at most `room` columns; a longer word is broken where it must. */
export function wrap(text: string, room: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const joined = line === '' ? word : `${line} ${word}`
    if (width(joined) <= room) {
      line = joined
      continue
    }
    if (line !== '') lines.push(line)
    const pieces = broken(word, room)
    line = pieces.pop() ?? ''
    lines.push(...pieces)
  }
  return line === '' ? lines : [...lines, line]
}

function broken(word: string, room: number): string[] {
  const pieces: string[] = []
  let letters = width(word) > room ? characters(word) : [word]
  while (width(letters.join('')) > room && letters.length > 1) {
    // One character always goes, or a narrow column would never end.
    const taken = Math.max(1, fitting(letters, room))
    pieces.push(letters.slice(0, taken).join(''))
    letters = letters.slice(taken)
  }
  return [...pieces, letters.join('')]
}
