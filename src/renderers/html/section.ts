/** What a section shows: its chart, and under it the table with all the numbers. */
import { chartSvg } from '../../charts/chart.js'
import { legendOf } from '../../charts/chart-words.js'
import { pagePalette } from '../../charts/palette.js'
import { drawingOf, type Drawing } from '../../charts/points.js'
import type { Section } from '../../reports/report.js'
import { isFacts } from '../facts.js'
import { markup, Markup } from '../markup.js'
import { shownSection } from '../values.js'
import { blockList } from './blocks.js'
import { factList } from './facts.js'
import { sidesTable, tableOf } from './table.js'

export function sectionBody(whole: Section, id: string, tz: string): Markup {
  // A chart draws what programs read: rows that people are spared too.
  const chart = sectionFigure(whole, id, tz)
  const section = shownSection(whole)
  if (section.rows.length === 0) {
    return markup`${chart ?? markup``}<p class="empty">${section.empty ?? 'Nothing here.'}</p>`
  }
  const rows = sectionRows(section, id, tz)
  // One that draws other points than the rows leaves them to be seen.
  const isOther = whole.chart?.points !== undefined && whole.chart.parts === undefined
  if (chart === undefined || isFacts(section) || isOther) return markup`${chart ?? markup``}${rows}`
  return markup`${chart}<details><summary>The same as a table</summary>${rows}</details>`
}

/** The rows alone, by the layout of their section. */
export function sectionRows(section: Section, id: string, tz: string): Markup {
  if (isFacts(section)) return factList(section, tz)
  if (section.layout === 'blocks') return blockList(section)
  return section.layout === 'sides' ? sidesTable(section, id) : tableOf(section, id, tz)
}

/** Letters scale with a drawing, so wide and narrow screens have one each. */
const sizes = [
  { name: 'wide', width: 980, height: 270 },
  { name: 'narrow', width: 340, height: 220 },
] as const

/** The chart of a section with its legend; undefined where there is nothing to draw. */
export function sectionFigure(section: Section, id: string, tz: string): Markup | undefined {
  const drawing = drawingOf(section, tz)
  if (drawing === undefined) return undefined
  const charts = sizes.map(
    ({ name, width, height }) =>
      markup`<div class="chart ${name}">${chartSvg(section, { width, height, tz, palette: pagePalette, id: `${id}-${name}` })}</div>`,
  )
  const legend = legendOf(drawing)
  const key = legend.map(
    ({ look, text, place }) =>
      markup`<span><i class="key ${look}${place === undefined ? '' : ` tint${place}`}"></i>${text}</span>`,
  )
  return markup`<figure>
${charts}
${legend.length === 0 ? markup`` : markup`<figcaption>${key}</figcaption>`}
${standing(drawing)}
</figure>`
}

/** Why the first of the marked points stand out, for those who cannot point at them. */
function standing({ points }: Drawing): Markup {
  const said = points.flatMap(({ bucket, mark }) => (mark ? [markup`<li>${bucket}: ${mark}</li>`] : []))
  return said.length === 0 ? markup`` : markup`<ul class="standing">${said.slice(0, mostSaid)}</ul>`
}

const mostSaid = 5
