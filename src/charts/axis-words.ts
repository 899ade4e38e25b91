/** Levels of an axis in words, as short as they can be said. */
import { columnWords, shortWords } from '../renderers/cells.js'
import type { Column } from '../reports/report.js'

export interface Tick {
  readonly value: number
  readonly text: string
}

export function tickWords(column: Column, values: readonly number[]): Tick[] {
  const plain: Column = { ...column, exact: undefined }
  const words = shortWords(plain, values) ?? columnWords(plain, values, 'UTC')
  const texts = words.map(({ text }) => text)
  const round = texts.every((text) => !/\.\d*[1-9]/.test(text))
  return values.map((value, i) => {
    const text = texts[i] ?? ''
    return { value, text: round ? text.replace(/\.0+/, '') : text }
  })
}
