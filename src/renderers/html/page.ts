/**
 * The page of a report: one file without script or network. What is most wanted stands first: figures,
 * then what to look at, then sections in the order of the report, then doubts and where the data came from.
 */
import { createHash } from 'node:crypto'
import type { Report, Section } from '../../reports/report.js'
import { doubtsLine } from '../doubts.js'
import { isFacts } from '../facts.js'
import { markup, Markup } from '../markup.js'
import { periodWords } from '../times.js'
import { notesOf, shownColumns, shownSection } from '../values.js'
import { headline, isHeadline } from './facts.js'
import { findingList } from './findings.js'
import { firstPage } from './first-page.js'
import { sectionBody } from './section.js'
import { style } from './style.js'

const styleHash = `sha256-${createHash('sha256').update(style.text).digest('base64')}`
/** The browser refuses whatever the page does not need: scripts, styles of others, every connection. */
const policy = `default-src 'none'; style-src '${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'`

export function pageOf(report: Report, tz: string): Markup {
  const period = periodWords(report.period, tz)
  const { sections } = report
  const [first, ...rest] = sections
  const lead = rest.length > 0 && first !== undefined && isHeadline(first, tz) ? first : undefined
  const body = lead === undefined ? sections : rest
  const { brief } = report
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>${report.title}${period === undefined ? '' : `, ${period}`}</title>
<style>${style}</style>
</head>
<body${broad(sections)}>
<header class="page">
<h1 id="title">${report.title}</h1>
${period === undefined ? markup`` : markup`<p class="period">${period}</p>`}
${pointer(report)}
</header>
<main>
${brief === undefined ? wholePage(report, lead, body, tz) : firstPage(report, brief, tz)}
</main>
${dataNotes(report)}
</body>
</html>`
}

function wholePage(report: Report, lead: Section | undefined, body: readonly Section[], tz: string): Markup {
  return markup`${lead === undefined ? markup`` : headline(lead, tz)}
${findings(report)}
${contents(body)}
${body.map((section, i) => sectionBlock(section, i, report, tz))}`
}

/** Tables with more columns than a sheet holds upright turn it. */
function broad(sections: readonly Section[]): Markup {
  const most = Math.max(0, ...sections.map((one) => shownColumns(shownSection(one).columns).length))
  return most > uprightColumns && !sections.some(isFacts) ? markup` class="broad"` : markup``
}

const uprightColumns = 11

function pointer({ warnings }: Report): Markup {
  const line = doubtsLine(warnings)
  return line === undefined ? markup`` : markup`<p class="doubt"><a href="#notes">${line}</a></p>`
}

function findings({ findings = [] }: Report): Markup {
  if (findings.length === 0) return markup``
  return markup`<section aria-labelledby="look">
<h2 id="look">What to look at</h2>
${findingList({ findings })}
</section>`
}

/** Pages with fewer sections are seen at a glance. */
const longPage = 5

function contents(sections: readonly Section[]): Markup {
  if (sections.length < longPage) return markup``
  return markup`<nav aria-label="Sections"><ul>
${sections.map(({ title }, i) => markup`<li><a href="#s${i + 1}">${title}</a></li>`)}
</ul></nav>`
}

function sectionBlock(section: Section, index: number, report: Report, tz: string): Markup {
  const id = `s${index + 1}`
  // A section that is the whole answer is called what the page is called.
  const same = section.title === report.title
  const heading = same ? markup`` : markup`<h2 id="${id}-title">${section.title}</h2>`
  const notes = notesOf(section)
  return markup`<section id="${id}" aria-labelledby="${same ? 'title' : `${id}-title`}" class="${isFacts(section) ? 'facts' : 'table'}">
${heading}
${sectionBody(section, id, tz)}
${notes.length === 0 ? markup`` : markup`<ul class="notes">${notes.map((text) => markup`<li>${text}</li>`)}</ul>`}
</section>`
}

function dataNotes({ warnings, footer = [], period, command }: Report): Markup {
  const lines = [...footer, `Days and times are in ${period.tz}.`]
  return markup`<footer id="notes" aria-labelledby="notes-title">
<h2 id="notes-title">Data notes</h2>
${warnings.length === 0 ? markup`` : markup`<ul class="warnings">${warnings.map((text) => markup`<li>${text}</li>`)}</ul>`}
${lines.map((text) => markup`<p>${text}</p>`)}
${command === undefined ? markup`` : markup`<p>Made by <code>${command}</code></p>`}
</footer>`
}
