/** Numbers in time as a line the height of a word. */
import { area, line } from 'd3-shape'
import { markup, Markup } from '../renderers/markup.js'
import type { Palette } from './palette.js'

const width = 96
const height = 22

/** @param values numbers in the order of time; undefined for a gap. Beside their words: hidden from readers. */
export function sparklineSvg(values: readonly (number | undefined)[], palette: Palette): Markup {
  const most = values.reduce<number>((top, value) => Math.max(top, Math.min(value ?? 0, 1e100)), 0)
  const x = (i: number): number => 2 + (i * (width - 4)) / Math.max(1, values.length - 1)
  const y = (value: number | undefined): number =>
    height - 2 - (most === 0 ? 0 : (Math.min(Math.max(0, value ?? 0), most) / most) * (height - 4))
  const known = (value: number | undefined): boolean => value !== undefined
  const under = area<number | undefined>((_, i) => x(i), height - 2, y).defined(known)
  const over = line<number | undefined>((_, i) => x(i), y).defined(known)
  under.digits(1)
  over.digits(1)
  return markup`<svg xmlns="http://www.w3.org/2000/svg" class="spark" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true"><path d="${under([...values]) ?? ''}" fill="${palette.accent}" fill-opacity="0.16"/><path d="${over([...values]) ?? ''}" fill="none" stroke="${palette.accent}" stroke-width="1.5" stroke-linejoin="round"/></svg>`
}
