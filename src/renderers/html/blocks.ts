/** Rows told in sentences: one box each. */
import type { Section } from '../../reports/report.js'
import { blocksOf } from '../blocks.js'
import { markup, Markup } from '../markup.js'

export function blockList(section: Section): Markup {
  const items = blocksOf(section).map(
    ({ headline, sentences }) => markup`<li><p class="what">${headline}</p>
${sentences.map((text) => markup`<p>${text}</p>`)}</li>`,
  )
  return markup`<ul class="blocks">
${items}
</ul>`
}
