/** Lists of facts: figures as cards, texts as lines. */
import type { Section } from '../../reports/report.js'
import type { Words } from '../cells.js'
import { factsOf, isFacts, type Fact } from '../facts.js'
import { markup, Markup } from '../markup.js'
import { isNumeric, notesOf } from '../values.js'

/** A section of figures that can open the page. */
export function isHeadline(section: Section, tz: string): boolean {
  return isFacts(section) && factsOf(section, tz).every(isFigure)
}

const isFigure = ({ column }: Fact): boolean => isNumeric(column.kind) || column.kind === 'time'

/** The first figure is the one that the page is about. */
export function headline(section: Section, tz: string): Markup {
  const [first, ...rest] = factsOf(section, tz)
  const notes = notesOf(section)
  return markup`<section aria-labelledby="headline" class="headline">
<h2 id="headline">${section.title}</h2>
<dl class="cards">
${first === undefined ? markup`` : card(first, 'card lead')}
${rest.map((fact) => card(fact, 'card'))}
</dl>
${notes.length === 0 ? markup`` : markup`<ul class="notes">${notes.map((text) => markup`<li>${text}</li>`)}</ul>`}
</section>`
}

export function factList(section: Section, tz: string): Markup {
  const facts = factsOf(section, tz)
  if (facts.every(isFigure)) return markup`<dl class="cards">${facts.map((fact) => card(fact, 'card'))}</dl>`
  return markup`<dl class="lines">
${facts.map(({ label, value, change }) => markup`<div><dt>${label}</dt><dd>${toned(value)}${change === undefined ? markup`` : markup` ${toned(change)}`}</dd></div>`)}
</dl>`
}

function card({ label, value, change }: Fact, look: string): Markup {
  const chip =
    change === undefined || change.text === '–'
      ? markup``
      : markup`<span class="change ${change.tone ?? 'even'}">${change.text}</span>`
  return markup`<div class="${look}"><dt>${unbroken(label)}</dt><dd><span class="value">${value.text}</span>${chip}</dd></div>`
}

/** With dates that stay on one line. */
const unbroken = (label: string): Markup[] =>
  label
    .split(/(\d{4}-\d\d-\d\d)/)
    .map((part, i) => (i % 2 === 0 ? markup`${part}` : markup`<span class="short">${part}</span>`))

/** Words with what their tone says. */
export function toned({ text, tone }: Words): Markup {
  return tone === undefined ? markup`${text}` : markup`<span class="${tone}">${text}</span>`
}
