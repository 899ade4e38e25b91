/**
 * A section's rows as a table of a mail: the columns for which there is room, on a phone fewer. Looks stand
 * with the table and its rows where they can: a style for each cell would make the mail too large.
 */
import { capital } from '../../domain/words/wording.js'
import type { Section } from '../../reports/report.js'
import { barSizes } from '../bars.js'
import { fit, type Placed } from '../fit.js'
import { markup, Markup } from '../markup.js'
import { wordColumnsOf } from '../word-columns.js'
import { isNumeric } from '../values.js'
import { cutEnd, cutMiddle } from '../width.js'
import { toned } from './facts.js'
import { look } from './style.js'

/** Letters in the width of the mail, and on a phone; numbers are as wide as these, most letters narrower. */
const room = { wide: 72, phone: 34 }
/** Letters between two columns. */
const gap = 2
/** Letters in the width of a column of bars. */
const roomOfBars = 10

interface WordColumn extends Placed {
  readonly bars: readonly number[] | undefined
  /** Phones have no room for it. */
  readonly optional: boolean
}

export function tableOf(section: Section, tz: string): Markup {
  const all = wordColumnsOf(section, tz)
  const { placed, leftOut } = fit(all, room.wide, gap)
  const taken = placed.reduce((sum, { width }) => sum + width + gap, 0)
  const barred = room.wide - taken >= roomOfBars
  const onPhones = new Set(
    fit(
      placed.map(({ column, words }) => ({ column, words, title: titleOf(column.key) })),
      room.phone,
      gap,
    ).placed.map(({ column }) => column.key),
  )
  const wordColumns = placed.map((one): WordColumn => ({
    ...one,
    bars: barred
      ? barSizes(
          one.column,
          section.rows.map((row) => row[one.column.key]),
        )
      : undefined,
    optional: !onPhones.has(one.column.key),
  }))
  const body = (all[0]?.words.length ?? 0) - (section.totals === undefined ? 0 : 1)
  const rows = Array.from({ length: body }, (_, i) => line(wordColumns, i))
  return markup`<table class="rows" width="100%" cellpadding="6" cellspacing="0" border="0" style="border-collapse:collapse;font-size:13px;line-height:1.35">
<tr>${wordColumns.map((wordColumn) => heading(wordColumn, titleOf(wordColumn.column.key)))}</tr>
${rows}
${section.totals === undefined ? markup`` : line(wordColumns, body, 'font-weight:600')}
</table>
${missing(
  leftOut,
  wordColumns.filter(({ optional }) => optional).map(({ column }) => titleOf(column.key)),
)}`

  function titleOf(key: string): string {
    return all.find(({ column }) => column.key === key)?.title ?? ''
  }
}

const optional = (wordColumn: WordColumn): Markup =>
  wordColumn.optional ? markup` class="optional"` : markup``

function heading(wordColumn: WordColumn, title: string): Markup {
  const side = isNumeric(wordColumn.column.kind) ? 'right' : 'left'
  const bars = wordColumn.bars === undefined ? markup`` : markup`<td class="optional"></td>`
  // A column of remarks has no heading, and then its head is no header cell.
  if (title === '') return markup`<td${optional(wordColumn)}></td>${bars}`
  return markup`${bars}<th scope="col" align="${side}" valign="bottom"${optional(wordColumn)} style="font-weight:normal"><span${look('quiet')}>${capital(title)}</span></th>`
}

function line(wordColumns: readonly WordColumn[], index: number, style = ''): Markup {
  return markup`<tr${look('line', `border-top-width:1px;border-top-style:solid${style === '' ? '' : `;${style}`}`)}>${wordColumns.map((wordColumn, place) => cell(wordColumn, index, place))}</tr>`
}

function cell(wordColumn: WordColumn, index: number, place: number): Markup {
  const { column, words, bars } = wordColumn
  const said = words[index] ?? { text: '' }
  const bar =
    bars === undefined ? markup`` : markup`<td class="optional" width="64">${barOf(bars[index] ?? 0)}</td>`
  if (isNumeric(column.kind)) {
    return markup`${bar}<td align="right" valign="top" nowrap${optional(wordColumn)}>${toned(said)}</td>`
  }
  // An id of a hundred letters tells by both its ends; words break at their spaces.
  const text = said.text.includes(' ')
    ? cutEnd(said.text, longestText)
    : cutMiddle(said.text, Math.max(wordColumn.width, longestName))
  const short = column.kind === 'time' || text.length <= shortName
  const shown =
    column.kind === 'series' ? markup`<span${look('trace')}>${text}</span>` : toned({ ...said, text })
  if (place === 0) {
    return markup`<th scope="row" align="left" valign="top"${short ? markup` nowrap` : markup``}${optional(wordColumn)} style="font-weight:600;word-break:break-word">${said.tone === undefined ? breakable(text) : shown}</th>`
  }
  return markup`<td valign="top"${short ? markup` nowrap` : markup``}${optional(wordColumn)}>${shown}</td>`
}

/** A name without spaces may break after its signs. */
const breakable = (text: string): Markup =>
  new Markup(
    text
      .split(/(?<=[_/.:])/)
      .map((part) => markup`${part}`.text)
      .join('<wbr>'),
  )

/** Names of this length stay on one line. */
const shortName = 24
const longestName = 40
const longestText = 160

/** Beside its number, so nobody has to read it. */
function barOf(size: number): Markup {
  const width = Math.round(size * 100)
  if (width === 0) return markup``
  return markup`<table role="presentation" width="${width}%" cellpadding="0" cellspacing="0" border="0"><tr><td height="6"${look('accent', 'height:6px;font-size:0;line-height:0;border-radius:3px')}>&nbsp;</td></tr></table>`
}

function missing(titles: readonly string[], phoneTitles: readonly string[]): Markup {
  // A column of remarks has no name to miss it by.
  const [leftOut, optional] = [titles, phoneTitles].map((all) => all.filter((title) => title !== '')) as [
    string[],
    string[],
  ]
  const note = (text: string, more: string): Markup =>
    markup`<p${look('quiet', `margin:8px 0 0;font-size:12px${more}`)}>${text}</p>`
  const always =
    leftOut.length === 0 ? markup`` : note(`Left out for want of room: ${leftOut.join(', ')}.`, '')
  if (optional.length === 0) return always
  return markup`${always}<div class="more" style="display:none;mso-hide:all">${note(`On wider screens also: ${optional.join(', ')}.`, '')}</div>`
}
