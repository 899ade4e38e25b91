/**
 * Markup in which no text can act: a template writes the tags, and everything put into it is text, shown
 * as it is, unless it is markup itself.
 */
import { visibleOnPage } from '../domain/words/hidden.js'

/** HTML or SVG that a template wrote. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Pieces of one line, with nothing between them. */
export const sideBySide = (pieces: readonly Markup[]): Markup =>
  new Markup(pieces.map(({ text }) => text).join(''))

type Piece = string | number | undefined | Markup | readonly Markup[]

/**
 * Templates of HTML and SVG. What is put in may stand between tags or within a quoted attribute, and
 * nowhere else: not as a name, a style, a URL or without quotes.
 */
export function markup(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return new Markup(parts.map((part, i) => part + written(pieces[i])).join(''))
}

function written(piece: Piece): string {
  if (piece === undefined) return ''
  if (piece instanceof Markup) return piece.text
  if (typeof piece === 'object') return piece.map(({ text }) => text).join('\n')
  return escaped(String(piece))
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escaped = (text: string): string =>
  visibleOnPage(text).replace(/[&<>"']/g, (character) => entities[character] ?? '')
