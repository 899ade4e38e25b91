/**
 * Rows of cells as lines of a terminal, drawn by cli-table3. It is told the width of every column, and
 * nothing that it would measure by other rules than `width`.
 */
import CliTable from 'cli-table3'
import { simple, width } from '../width.js'

/** The lines of a table: none but a thin rule under the heading, or around every cell. */
export interface Frame {
  /** Columns lost between two cells. */
  readonly gap: number
  /** Columns lost on the left and on the right of a row, together. */
  readonly edges: number
  readonly padding: number
  /** What stands at the left end, between two cells and at the right end of each kind of line. */
  readonly ends: Readonly<Record<LineKind, readonly [left: string, middle: string, right: string]>>
}

type LineKind = 'top' | 'rule' | 'bottom' | 'cells'

const none = ['', '', ''] as const

export const openFrame: Frame = {
  gap: 2,
  edges: 0,
  padding: 0,
  ends: { top: none, rule: ['', '──', ''], bottom: none, cells: ['', '  ', ''] },
}

export const closedFrame: Frame = {
  gap: 3,
  edges: 4,
  padding: 1,
  ends: {
    top: ['┌', '┬', '┐'],
    rule: ['├', '┼', '┤'],
    bottom: ['└', '┴', '┘'],
    cells: ['│', '│', '│'],
  },
}

/** One column of a frame; numbers stand on the right. */
export interface Lane {
  readonly width: number
  readonly side: 'left' | 'right'
}

/** A text in its cell, no wider than the column, and how it is coloured. Lines are parted by a newline. */
export interface Content {
  readonly text: string
  readonly paint?: (text: string) => string
}

/** How the parts of a frame are coloured, and which lines stand above and below its rows. */
export interface Around {
  readonly above?: LineKind
  readonly below?: LineKind
  /** Lines and borders. */
  readonly quiet: (text: string) => string
  /** Where a cell of fewer lines stands (default: at the top). */
  readonly stand?: 'top' | 'bottom'
  /** A whole line of cells. */
  readonly row?: (text: string) => string
}

/** The library's work grows with the square of what it gets at once; from fewer rows on it is as fast. */
const mostRows = 25

/** Rows below each other, with the lines asked for above and below. */
export function framed(
  rows: readonly (readonly Content[])[],
  lanes: readonly Lane[],
  frame: Frame,
  around: Around,
): string[] {
  const lines: string[] = []
  const { above, below, ...brushes } = around
  for (let first = 0; first < rows.length; first += mostRows) {
    const chunk = rows.slice(first, first + mostRows)
    const last = first + mostRows >= rows.length
    lines.push(
      ...drawn(chunk, lanes, frame, {
        ...brushes,
        ...(first === 0 && above && { above }),
        ...(last && below && { below }),
      }),
    )
  }
  return lines
}

function drawn(
  rows: readonly (readonly Content[])[],
  lanes: readonly Lane[],
  frame: Frame,
  around: Around,
): string[] {
  const standing = new StandIns()
  const ends = endsOf(frame, around)
  const table = new CliTable({
    chars: ends,
    style: {
      'padding-left': frame.padding,
      'padding-right': frame.padding,
      head: [],
      border: [],
      compact: true,
    },
    colWidths: lanes.map((lane) => lane.width + 2 * frame.padding),
    colAligns: lanes.map(({ side }) => side),
    rowAligns: rows.map(() => around.stand ?? 'top'),
  })
  table.push(...rows.map((row) => row.map((cell) => standing.content(cell))))
  const lines = standing.texts(table.toString()).split('\n')
  return lines.map((line, i) => {
    const isLine = (i === 0 && ends.top !== '') || (i === lines.length - 1 && ends.bottom !== '')
    return isLine ? around.quiet(line) : (around.row ?? String)(line.trimEnd())
  })
}

/** The signs of a frame by the names that the library has for them. */
function endsOf({ ends }: Frame, { above, below, quiet }: Around): Partial<Record<string, string>> {
  const [topLeft, topMid, topRight] = above === undefined ? none : ends[above]
  const [bottomLeft, bottomMid, bottomRight] = below === undefined ? none : ends[below]
  const [left, middle, right] = ends.cells.map((sign) => (sign.trim() === '' ? sign : quiet(sign)))
  return {
    top: topMid === '' ? '' : '─',
    'top-left': topLeft,
    'top-mid': topMid,
    'top-right': topRight,
    bottom: bottomMid === '' ? '' : '─',
    'bottom-left': bottomLeft,
    'bottom-mid': bottomMid,
    'bottom-right': bottomRight,
    ...(left !== undefined && { left }),
    ...(middle !== undefined && { middle }),
    ...(right !== undefined && { right }),
  }
}

const firstPrivate = 0xe000

/**
 * Letters of the private area in the place of a text that is not one column a character, as many as it takes
 * columns: so wide the library takes them for, whatever it would make of the text. A text that holds such
 * letters itself is stood in for, too.
 */
class StandIns {
  readonly #texts: string[] = []

  /** What the library gets of a cell. */
  content({ text, paint = String }: Content): string {
    const lines = text.split('\n').map((line) => this.#standIn(line))
    return lines.map((line) => (line === '' ? '' : paint(line))).join('\n')
  }

  /** The texts again in what the library made of them. */
  texts(drawing: string): string {
    if (this.#texts.length === 0) return drawing
    const runs = /([\uE000-\uF8FF])\1*/g
    return drawing.replaceAll(runs, (run) => this.#texts[run.charCodeAt(0) - firstPrivate] ?? run)
  }

  #standIn(text: string): string {
    const columns = simple.test(text) ? 0 : width(text)
    if (columns === 0) return text
    return String.fromCharCode(firstPrivate + this.#texts.push(text) - 1).repeat(columns)
  }
}
