/** A cell of a row as the text or the amount that it is known to be. */
import type { Cell } from '../report.js'

/** Texts, numbers and truths as they are; empty for anything else. */
export const cellText = (cell: Cell | undefined): string =>
  typeof cell === 'string' ||
  typeof cell === 'number' ||
  typeof cell === 'bigint' ||
  typeof cell === 'boolean'
    ? String(cell)
    : ''
