/** Rows told in sentences: one box each. */
import type { Section } from '../../reports/report.js'
import { blocksOf } from '../blocks.js'
import { toned } from './facts.js'
import { markup, Markup, sideBySide } from '../markup.js'

export function blockList(section: Section): Markup {
  const items = blocksOf(section).map(
    ({ headline, sentences }) => markup`<li><p class="what">${headline}</p>
${sentences.map((pieces) => markup`<p>${sideBySide(pieces.map(toned))}</p>`)}</li>`,
  )
  return markup`<ul class="blocks">
${items}
</ul>`
}
