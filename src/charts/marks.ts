/** The shapes of a chart: bars with their values, lines and bands, the level of a bound. */
import { area, line } from 'd3-shape'
import { markup, Markup } from '../renderers/markup.js'
import { cutEnd } from '../renderers/width.js'
import type { Tick } from './axis-words.js'
import { said } from './chart-words.js'
import type { Palette } from './palette.js'
import type { Drawing, Point } from './points.js'
import { px } from './px.js'

/** Where things are, in px of the drawing. */
export interface Frame {
  /** Left edge of a bucket. */
  readonly x: (index: number) => number
  readonly y: (value: number) => number
  readonly step: number
  readonly band: number
  readonly left: number
  readonly right: number
  readonly zero: number
  readonly top: number
  /** Baseline of the labels below. */
  readonly foot: number
  readonly ticks: readonly Tick[]
  /** Every bar carries its value, so no axis is needed. */
  readonly labelled: boolean
  readonly palette: Palette
}

export function bars(drawing: Drawing, frame: Frame): Markup {
  const tallest = Math.max(...drawing.points.map(({ y }) => y ?? 0))
  const drawn = drawing.points.map((point, i) => bar(point, i, frame, point.y === tallest))
  return markup`${band(drawing, frame)}
${drawn}
${dashed(drawing, frame)}`
}

function bar(point: Point, index: number, frame: Frame, tallest: boolean): Markup {
  if (point.y === undefined) return markup``
  const { palette } = frame
  const ghost = ghostBar(point, index, frame)
  // What stands behind looks out at the left.
  const aside = point.ghost === undefined ? 0 : frame.band * ghostShift
  const own = { ...frame, band: frame.band - aside }
  const [x, end] = [frame.x(index) + aside, frame.y(point.y)]
  const marked = point.mark !== undefined
  const look = marked
    ? markup`fill="${palette.bad}"`
    : point.partial
      ? markup`fill="${palette.faint}" stroke="${palette.accent}" stroke-width="1" stroke-dasharray="3 2"`
      : markup`fill="${palette.accent}"`
  // The whole height of the bucket answers to the pointer: small bars are hard to hit.
  return markup`<g><title>${said(point)}</title><path d="M${px(frame.x(index))} ${px(frame.top)}h${px(frame.band)}V${px(frame.zero)}h-${px(frame.band)}Z" fill="none" pointer-events="all"/>${ghost}${point.parts.length > 0 ? stack(point, x, own) : markup`<path d="${barPath(x, end, own)}" ${look}/>`}${label(point, x, end, own, tallest)}</g>`
}

/** How far a bar gives way to what stands behind it, of its width. */
const ghostShift = 0.22

function ghostBar({ ghost }: Point, index: number, frame: Frame): Markup {
  if (ghost === undefined) return markup``
  const { palette, band } = frame
  const narrow = { ...frame, band: band * (1 - ghostShift) }
  return markup`<path d="${barPath(frame.x(index), frame.y(ghost), narrow)}" fill="${palette.line}" stroke="${palette.quiet}" stroke-width="0.75" stroke-opacity="0.6"/>`
}

/** Parts in tints of one colour, the dearest darkest and on the axis. */
export const partTint = (place: number): number => [1, 0.78, 0.6, 0.45, 0.32, 0.2][place] ?? 0.15

function stack({ parts, partial }: Point, x: number, { y, band: width, palette }: Frame): Markup {
  let below = 0
  const drawn = parts.map((part, place) => {
    const [from, to] = [y(below), y(below + part)]
    below += part
    if (from - to <= 0) return markup``
    return markup`<path d="M${px(x)} ${px(from)}H${px(x + width)}V${px(to)}H${px(x)}Z" fill="${palette.card}"/><path d="M${px(x)} ${px(from)}H${px(x + width)}V${px(to)}H${px(x)}Z" fill="${palette.accent}" fill-opacity="${partTint(place)}"/>`
  })
  const outline = partial
    ? markup`<path d="M${px(x)} ${px(y(0))}H${px(x + width)}V${px(y(below))}H${px(x)}Z" fill="none" stroke="${palette.accent}" stroke-dasharray="3 2"/>`
    : markup``
  return markup`${drawn}${outline}`
}

/** Round at its end, flat on the axis. */
function barPath(x: number, end: number, { band: width, zero }: Frame): string {
  const height = Math.abs(zero - end)
  if (height === 0) return ''
  const r = Math.min(3, width / 2, height)
  const inward = end < zero ? r : -r
  return `M${px(x)} ${px(zero)}V${px(end + inward)}Q${px(x)} ${px(end)} ${px(x + r)} ${px(end)}H${px(x + width - r)}Q${px(x + width)} ${px(end)} ${px(x + width)} ${px(end + inward)}V${px(zero)}Z`
}

/** A marked bar has a sign that is not only colour; values stand where there is room for all of them. */
function label(point: Point, x: number, end: number, frame: Frame, tallest: boolean): Markup {
  const middle = x + frame.band / 2
  const marked = point.mark !== undefined
  const room = frame.labelled || (tallest && frame.step * 3 >= point.words.length * 7)
  const sign = marked
    ? markup`<path d="M${px(middle - 4)} ${px(end - 9)}h8l-4 6Z" fill="${frame.palette.bad}"/>`
    : markup``
  if (!room || point.words === '') return sign
  const half = point.words.length * 3.4
  const place = Math.max(frame.left + half, Math.min(middle, frame.right - half))
  return markup`${sign}<text x="${px(place)}" y="${px(end - (marked ? 13 : 6))}" text-anchor="middle" fill="${marked ? frame.palette.bad : frame.palette.ink}" font-weight="${marked || tallest ? 600 : 400}">${point.words}</text>`
}

export function lines(drawing: Drawing, frame: Frame): Markup {
  const { points, chart } = drawing
  const middle = (i: number): number => frame.x(i) + frame.band / 2
  const filled = chart.kind !== 'line'
  const under = area<Point>(
    (_, i) => middle(i),
    frame.zero,
    ({ y }) => frame.y(y ?? 0),
  ).defined(({ y }) => y !== undefined)
  const over = line<Point>(
    (_, i) => middle(i),
    ({ y }) => frame.y(y ?? 0),
  ).defined(({ y }) => y !== undefined)
  under.digits(2)
  over.digits(2)
  const { palette } = frame
  return markup`${band(drawing, frame)}
${filled ? markup`<path d="${under([...points]) ?? ''}" fill="${palette.accent}" fill-opacity="0.16"/>` : markup``}
<path d="${over([...points]) ?? ''}" fill="none" stroke="${palette.accent}" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"/>
${dashed(drawing, frame)}
${points.map((point, i) => dot(point, middle(i), frame, i === lastOf(points) ? 3.5 : isAlone(points, i) ? 2.5 : 0))}`
}

const lastOf = (points: readonly Point[]): number => points.findLastIndex(({ y }) => y !== undefined)

/** Between two gaps there is no line to see. */
const isAlone = (points: readonly Point[], i: number): boolean =>
  points[i - 1]?.y === undefined && points[i + 1]?.y === undefined

/** @param radius 0 where the line says enough */
function dot(point: Point, x: number, frame: Frame, radius: number): Markup {
  const { palette, top, zero, step } = frame
  const y = frame.y(point.y ?? point.expected ?? 0)
  const hit = markup`<path d="M${px(x - step / 2)} ${px(top)}h${px(step)}V${px(zero)}h-${px(step)}Z" fill="none" pointer-events="all"/>`
  const marked = point.mark !== undefined
  if (point.y === undefined) return markup`<g><title>${said(point)}</title>${hit}</g>`
  const shape = marked
    ? markup`<circle cx="${px(x)}" cy="${px(y)}" r="5" fill="${palette.card}" stroke="${palette.bad}" stroke-width="2.5"/>`
    : point.partial
      ? markup`<circle cx="${px(x)}" cy="${px(y)}" r="4" fill="${palette.faint}" stroke="${palette.accent}" stroke-dasharray="3 2"/>`
      : radius > 0
        ? markup`<circle cx="${px(x)}" cy="${px(y)}" r="${radius}" fill="${palette.accent}"/>`
        : markup``
  return markup`<g><title>${said(point)}</title>${hit}${shape}</g>`
}

/** The range in which values are likely. */
function band({ points, has }: Drawing, frame: Frame): Markup {
  if (!has.band) return markup``
  const shape = area<Point>(
    (_, i) => frame.x(i) + frame.band / 2,
    ({ low }) => frame.y(low ?? 0),
    ({ high }) => frame.y(high ?? 0),
  ).defined(({ low, high }) => low !== undefined && high !== undefined)
  shape.digits(2)
  return markup`<path d="${shape([...points]) ?? ''}" fill="${frame.palette.faint}" fill-opacity="0.7"/>`
}

function dashed({ points, has }: Drawing, frame: Frame): Markup {
  if (!has.expected) return markup``
  const shape = line<Point>(
    (_, i) => frame.x(i) + frame.band / 2,
    ({ expected }) => frame.y(expected ?? 0),
  ).defined(({ expected }) => expected !== undefined)
  shape.digits(2)
  return markup`<path d="${shape([...points]) ?? ''}" fill="none" stroke="${frame.palette.ink}" stroke-width="1.5" stroke-dasharray="4 4"/>`
}

/**
 * A level across the chart, with its name. The name stands at the left, where a running sum leaves room; of a
 * level above the chart, at the top right without a line.
 */
export function bound({ bound: level }: Drawing, frame: Frame): Markup {
  if (level === undefined) return markup``
  const { left, right, top, palette } = frame
  const room = Math.floor((right - left) / letterWidth)
  if (level.isBeyond) {
    const title = level.title === '' ? '' : cutEnd(`${level.title}, above the chart`, room)
    return markup`<text x="${px(right)}" y="${px(top - 10)}" text-anchor="end" fill="${palette.caution}">${title}</text>`
  }
  const y = frame.y(level.value)
  return markup`<path d="M${px(left)} ${px(y)}H${px(right)}" stroke="${palette.caution}" stroke-width="1.5" stroke-dasharray="2 3"/><text x="${px(left + 4)}" y="${px(y - 5)}" fill="${palette.caution}">${cutEnd(level.title, room)}</text>`
}

/** Of the small print of a chart, px. */
const letterWidth = 6.8
