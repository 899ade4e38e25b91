/**
 * The first page of a report in a browser: the news and what to look at, the days, the forecast; all other sections
 * folded under them, each a click away.
 */
import type { Brief, Report, Section } from '../../reports/report.js'
import { linesOf, listsOf } from '../blocks.js'
import { isFacts } from '../facts.js'
import { markup, Markup } from '../markup.js'
import { notesOf } from '../values.js'
import { headline, isHeadline } from './facts.js'
import { findingList, severities } from './findings.js'
import { sectionBody, sectionFigure, sectionRows } from './section.js'
import { tableOf } from './table.js'

export function firstPage(report: Report, brief: Brief, tz: string): Markup {
  const open = report.sections.filter(({ id, rows }) => rows.length > 0 && (isDays(id) || id === 'forecast'))
  const folded = report.sections.filter((section) => !open.includes(section))
  const sections = [...open, ...folded]
  const idOf = (section: Section): string => `s${sections.indexOf(section) + 1}`
  const top = brief.sections.find(({ id }) => id === 'top')
  return markup`<p class="news">${brief.opening}</p>
${news(brief)}
${links(sections, idOf)}
${open.map((section) => openBlock(section, idOf(section), brief, tz))}
${
  top === undefined
    ? markup``
    : markup`<section class="table" aria-labelledby="top-title"><h2 id="top-title">${top.title}</h2>
<div class="lists">${listsOf(top).map((list) => markup`<div>${tableOf(list, list.id, tz)}</div>`)}</div></section>`
}
<div class="parts">
${folded.map((section) => foldedBlock(section, idOf(section), tz))}
${allFindings(report)}
</div>`
}

const isDays = (id: string): boolean => /^cost_by_(hour|day|week|month)$/.test(id)

/** What a command is, to be copied. */
const typed = (command: string | undefined): Markup =>
  command === undefined ? markup`` : markup`<code>${command}</code>`

function news({ findings }: Brief): Markup {
  if (findings.length === 0) return markup``
  return markup`<section aria-labelledby="look">
<h2 id="look">What to look at</h2>
<ul class="findings">
${findings.map(({ severity, amount, text, command }) => markup`<li class="${severity}"><span class="badge">${amount === '' ? severities[severity] : amount}</span><span>${text}${typed(command)}</span></li>`)}
</ul>
</section>`
}

const links = (sections: readonly Section[], idOf: (section: Section) => string): Markup =>
  markup`<nav class="sticky" aria-label="Sections"><ul>
${sections.map((section) => markup`<li><a href="#${idOf(section)}">${section.title}</a></li>`)}
</ul></nav>`

/** The days with their table folded; of the forecast a sentence and its chart, with its figures folded. */
function openBlock(section: Section, id: string, brief: Brief, tz: string): Markup {
  const isForecast = section.id === 'forecast' && section.rows.length > 0
  const chart = sectionFigure(section, id, tz)
  const lines = brief.sections.filter(({ layout }) => layout === 'lines').flatMap(linesOf)
  const days = brief.sections.find((one) => one.id === section.id)
  const body = isForecast
    ? markup`${lines.map((text) => markup`<p class="said">${text}</p>`)}${chart}<details><summary>Its figures</summary>${sectionRows(section, id, tz)}${notes(section)}</details>`
    : markup`${chart}<details><summary>The same as a table</summary>${tableOf(days ?? section, id, tz)}</details>`
  return markup`<section id="${id}" aria-labelledby="${id}-title" class="${isForecast ? 'facts' : 'table'}">
<h2 id="${id}-title">${section.title}</h2>
${body}
</section>`
}

/** Its place is within what is folded: a link to it unfolds it. */
function foldedBlock(section: Section, id: string, tz: string): Markup {
  const body =
    isHeadline(section, tz) && section.id === 'summary' ? headline(section, tz) : sectionBody(section, id, tz)
  return markup`<details class="part ${isFacts(section) ? 'facts' : 'table'}"><summary><h2 id="${id}-title">${section.title}</h2></summary>
<div id="${id}">
${body}
${section.id === 'summary' ? markup`` : notes(section)}
</div>
</details>`
}

function notes(section: Section): Markup {
  const texts = notesOf(section)
  return texts.length === 0
    ? markup``
    : markup`<ul class="notes">${texts.map((text) => markup`<li>${text}</li>`)}</ul>`
}

/** All of them, for who wants to go on: the news has room for some. */
function allFindings(report: Report): Markup {
  if ((report.findings ?? []).length === 0) return markup``
  return markup`<details class="part"><summary><h2 id="all-findings">All findings</h2></summary>
${findingList(report)}
</details>`
}
