/**
 * charts: a section's rows as SVG, drawn without a browser. Pure: the same section always gives the same
 * text, ids included. Only presentation attributes are used, so that a page, a mail and a PNG look alike.
 *
 * This file: bars, a line or an area along the buckets.
 */
import { scaleBand, scaleLinear } from 'd3-scale'
import { markup, Markup } from '../renderers/markup.js'
import type { Section } from '../reports/report.js'
import { tickWords } from './axis-words.js'
import { chartWords } from './chart-words.js'
import { bars, bound, lines, type Frame } from './marks.js'
import type { Palette } from './palette.js'
import { drawingOf, type Drawing } from './points.js'
import { px } from './px.js'

export interface ChartOptions {
  /** Of the drawing, in px; a page scales it to its own width. */
  readonly width: number
  readonly height: number
  /** Zone in which times are shown. */
  readonly tz: string
  readonly palette: Palette
  /** Letters and digits that no other chart of the page has. */
  readonly id: string
  /** Letters of the texts. */
  readonly font?: string
}

/** The chart of a section; undefined when it has none, or nothing to draw. */
export function chartSvg(section: Section, options: ChartOptions): Markup | undefined {
  const drawing = drawingOf(section, options.tz)
  if (drawing === undefined) return undefined
  const frame = frameOf(drawing, options)
  const { width, height, id, palette } = options
  const shapes = drawing.chart.kind === 'bars' && frame.step >= narrowestBar ? bars : lines
  const { title, about } = chartWords(section.title, drawing)
  return markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="${id}-title ${id}-about" font-family="${options.font ?? 'system-ui, sans-serif'}" font-size="12" fill="${palette.quiet}">
<title id="${id}-title">${title}</title>
<desc id="${id}-about">${about}</desc>
${frame.labelled ? baseline(frame) : grid(drawing, frame)}
${shapes(drawing, frame)}
${bound(drawing, frame)}
${buckets(drawing, frame)}
</svg>`
}

/** Thinner bars run together; they are drawn as one outline. */
const narrowestBar = 3
/** Bars this far apart carry their values. */
const labelledStep = 52
/** Wider ones would be blocks. */
const widestBar = 64
const bottom = 24
const top = 22

function frameOf(drawing: Drawing, { width, height, palette }: ChartOptions): Frame {
  const { points } = drawing
  const levels = points.flatMap(({ y, expected, low, high, ghost }) => [y, expected, low, high, ghost])
  const drawn = drawing.bound?.isBeyond === true ? undefined : drawing.bound?.value
  const known = [...levels, drawn].filter((level) => level !== undefined)
  const [least, most] = [Math.min(0, ...known), Math.max(0, ...known)]
  const labelled = drawing.chart.kind === 'bars' && (width - 4) / points.length >= labelledStep && least === 0
  const y = scaleLinear()
    .domain(most > least ? [least, most] : [0, 1])
    .range([height - bottom, top])
  if (!labelled) y.nice(4)
  const ticks = tickWords(drawing.y, y.ticks(4))
  const left = labelled ? 2 : Math.max(...ticks.map(({ text }) => text.length), 0) * 7 + 10
  const x = scaleBand<number>()
    .domain(points.map((_, i) => i))
    .range([left, width - 2])
    .paddingInner(0.28)
    .paddingOuter(0.14)
  const band = Math.min(x.bandwidth(), widestBar)
  return {
    x: (index) => (x(index) ?? 0) + (x.bandwidth() - band) / 2,
    y: (value) => y(value),
    step: x.step(),
    band,
    left,
    right: width - 2,
    zero: y(0),
    top,
    foot: height - 7,
    ticks,
    labelled,
    palette,
  }
}

function grid(_: Drawing, frame: Frame): Markup {
  const rules = frame.ticks.map(
    ({ value, text }) =>
      markup`<path d="M${px(frame.left)} ${px(frame.y(value))}H${px(frame.right)}" stroke="${value === 0 ? frame.palette.quiet : frame.palette.line}" stroke-width="1"/><text x="${px(frame.left - 8)}" y="${px(frame.y(value) + 4)}" text-anchor="end">${text}</text>`,
  )
  return markup`${rules}`
}

function baseline({ left, right, zero, palette }: Frame): Markup {
  return markup`<path d="M${px(left)} ${px(zero)}H${px(right)}" stroke="${palette.line}" stroke-width="1"/>`
}

/** Labels of the buckets, as many as have room. */
function buckets({ points }: Drawing, frame: Frame): Markup {
  const longest = Math.max(...points.map(({ tick }) => tick.length))
  const every = Math.max(1, Math.ceil((longest * 6.4 + 14) / frame.step))
  let free = 0
  const labels = points.flatMap(({ tick }, i) => {
    const half = (tick.length * 6.4) / 2
    const middle = frame.x(i) + frame.band / 2
    const place = Math.max(half, Math.min(middle, frame.right - half))
    if (i % every !== 0 || place - half < free) return []
    free = place + half + 8
    return [markup`<text x="${px(place)}" y="${px(frame.foot)}" text-anchor="middle">${tick}</text>`]
  })
  return markup`${labels}`
}
