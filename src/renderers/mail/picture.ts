/** The chart of a section in a mail: pictures that come with it, one for each width and scheme. */
import { createHash } from 'node:crypto'
import { chartSvg } from '../../charts/chart.js'
import { chartWords, legendOf, type LegendEntry } from '../../charts/chart-words.js'
import { partTint } from '../../charts/marks.js'
import { drawingOf, type Drawing } from '../../charts/points.js'
import type { Section } from '../../reports/report.js'
import { markup, Markup } from '../markup.js'
import { look, pictureLooks, type Look } from './style.js'

/** Something to draw, and the name by which the HTML shows it as `cid:…`. */
export interface Picture {
  readonly cid: string
  /** With texts in Latin letters only, which a font of the program's own has. */
  readonly svg: string
  /** What shows where the chart is transparent. */
  readonly background: string
  /** px as shown. */
  readonly width: number
}

export interface Figure {
  readonly html: Markup
  readonly pictures: readonly Picture[]
}

/** Undefined when the section has no chart, or nothing to draw. */
export function figureOf(section: Section, tz: string, font: string): Figure | undefined {
  const drawing = drawingOf(section, tz)
  if (drawing === undefined) return undefined
  const { title, about } = chartWords(section.title, drawing)
  const pictures = pictureLooks.map(({ name, palette, ...size }) => {
    const svg = chartSvg(latin(section), { ...size, tz, palette, id: name, font })?.text ?? ''
    // Known by what it shows: a mail program that keeps pictures never shows that of another week.
    const cid = `${createHash('sha256').update(svg).digest('hex').slice(0, 24)}@llmcost`
    return { name, cid, svg, background: palette.card, ...size }
  })
  const shown = pictures.map(({ name, cid, width, height }, i) => {
    const hidden = i === 0 ? 'display:block' : 'display:none;mso-hide:all'
    const image = markup`<img class="${name}" src="cid:${cid}" width="${width}" height="${height}" alt="${`${title}. ${about}`.slice(0, longestAlt)}" style="${hidden};width:100%;max-width:${width}px;height:auto;border:0">`
    // Word, which shows mails in some programs, does not hide what is hidden.
    return i === 0 ? image : markup`${unlessWord.begin}${image}${unlessWord.end}`
  })
  return {
    html: markup`<div style="margin-bottom:8px">${shown}${legend(drawing)}${standing(drawing)}</div>`,
    pictures,
  }
}

const longestAlt = 600
const unlessWord = { begin: new Markup('<!--[if !mso]><!-->'), end: new Markup('<!--<![endif]-->') }

/** The names of bounds are the user's, in any script; the legend has them. */
function latin(section: Section): Section {
  const { chart } = section
  if (chart?.bound === undefined || /^[\u0020-\u00ff\u2010-\u2026]*$/.test(chart.bound.title)) return section
  return { ...section, chart: { ...chart, bound: { ...chart.bound, title: '' } } }
}

const keys: Readonly<Record<LegendEntry['look'], Look>> = {
  amount: 'accent',
  mark: 'markKey',
  partial: 'faintKey',
  band: 'faintKey',
  expected: 'inkKey',
  bound: 'boundKey',
  part: 'accent',
  ghost: 'faintKey',
}

/** A line is drawn as a line. */
const flat: ReadonlySet<LegendEntry['look']> = new Set(['expected', 'bound'])

function legend(drawing: Drawing): Markup {
  const entries = legendOf(drawing)
  if (entries.length === 0) return markup``
  const items = entries.map(
    ({ look: name, text, place }) =>
      markup`<span style="white-space:nowrap;margin-right:16px"><span${look(keys[name], `display:inline-block;width:${flat.has(name) ? 16 : 10}px;height:${flat.has(name) ? 2 : 10}px;vertical-align:middle;border-radius:2px;font-size:0${place === undefined ? '' : `;opacity:${partTint(place)}`}`)}>&nbsp;</span> ${text}</span> `,
  )
  return markup`<p${look('quiet', 'margin:8px 0 0;font-size:12px')}>${items}</p>`
}

/** Why the first of the marked points stand out: a picture has nothing to point at. */
function standing({ points }: Drawing): Markup {
  const said = points.flatMap(({ bucket, mark }) => (mark ? [`${bucket}: ${mark}`] : []))
  return markup`${said.slice(0, mostSaid).map((text) => markup`<p style="margin:6px 0 0;font-size:13px">${text}</p>`)}`
}

const mostSaid = 5
