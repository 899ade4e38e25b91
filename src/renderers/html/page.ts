/**
 * The page of a report: one file without script or network. What is most wanted stands first: figures,
 * then what to look at, then sections in the order of the report, then doubts and where the data came from.
 */
import { createHash } from 'node:crypto'
import type { Finding, Report, Section } from '../../reports/report.js'
import { doubtsLine } from '../doubts.js'
import { isFacts } from '../facts.js'
import { markup, Markup } from '../markup.js'
import { periodWords } from '../times.js'
import { notesOf, shownColumns, shownSection } from '../values.js'
import { headline, isHeadline } from './facts.js'
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
${lead === undefined ? markup`` : headline(lead, tz)}
${findings(report)}
${contents(body)}
${body.map((section, i) => sectionBlock(section, i, report, tz))}
</main>
${dataNotes(report)}
</body>
</html>`
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

const severities: Readonly<Record<Finding['severity'], string>> = {
  critical: 'Critical',
  warning: 'Warning',
  info: 'Note',
}

function findings({ findings = [] }: Report): Markup {
  if (findings.length === 0) return markup``
  return markup`<section aria-labelledby="look">
<h2 id="look">What to look at</h2>
<ul class="findings">
${findings.map((finding) => markup`<li class="${finding.severity}"><span class="badge">${severities[finding.severity]}</span><span>${findingText(finding)}</span></li>`)}
</ul>
</section>`
}

/** What the sentence is about stands out where the sentence begins with it. */
function findingText({ text, value }: Finding): Markup {
  if (typeof value !== 'string' || value.trim() === '' || !text.startsWith(value)) return markup`${text}`
  return markup`<strong>${value}</strong>${text.slice(value.length)}`
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

function dataNotes({ warnings, footer = [], period }: Report): Markup {
  const lines = [...footer, `Days and times are in ${period.tz}.`]
  return markup`<footer id="notes" aria-labelledby="notes-title">
<h2 id="notes-title">Data notes</h2>
${warnings.length === 0 ? markup`` : markup`<ul class="warnings">${warnings.map((text) => markup`<li>${text}</li>`)}</ul>`}
${lines.map((text) => markup`<p>${text}</p>`)}
</footer>`
}
