/** Lists of facts in a mail: figures three in a row, texts as lines. */
import { capital } from '../../domain/words/wording.js'
import type { Section } from '../../reports/report.js'
import type { Words } from '../cells.js'
import { factsOf, type Fact } from '../facts.js'
import { markup, Markup } from '../markup.js'
import { isNumeric } from '../values.js'
import { cutEnd } from '../width.js'
import { look, type Look } from './style.js'

/** A section of figures: the first is what the mail is about. */
export function headline(section: Section, tz: string): Markup {
  const [first, ...rest] = factsOf(section, tz)
  if (first === undefined) return markup``
  return markup`<p${look('quiet', 'margin:0;font-size:13px')}>${capital(first.label)}</p>
<p${look('ink', 'margin:0 0 8px;font-size:38px;line-height:1.25;font-weight:700;letter-spacing:-.02em')}>${first.value.text}${chip(first, 'vertical-align:middle;letter-spacing:0;margin-left:10px;')}</p>
${figures(rest, true)}`
}

export function factList(section: Section, tz: string): Markup {
  const facts = factsOf(section, tz)
  return facts.every(isFigure) ? figures(facts) : lines(facts)
}

export const isFigure = ({ column }: Fact): boolean => isNumeric(column.kind) || column.kind === 'time'

const inRow = 3
const longestText = 300

/** @param ruled whether a line parts them from what stands above */
function figures(facts: readonly Fact[], ruled = false): Markup {
  const rows = Array.from({ length: Math.ceil(facts.length / inRow) }, (_, i) => {
    const border = i > 0 || ruled ? 'solid' : 'none'
    const cells = Array.from({ length: inRow }, (_, place) => {
      const fact = facts[i * inRow + place]
      const said = fact === undefined ? undefined : figure(fact)
      return markup`<td width="33%" valign="top"${look('fact', `padding:8px 8px 8px 0;border-top-width:1px;border-top-style:${border}`)}>${said}</td>`
    })
    return markup`<tr>${cells}</tr>`
  })
  return markup`<table class="facts" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="table-layout:fixed">${rows}</table>`
}

const figure = (fact: Fact): Markup =>
  markup`<div${look('quiet', 'font-size:12px;line-height:1.35')}>${capital(fact.label)}</div><div${look('ink', 'font-size:16px;font-weight:600')}>${fact.value.text} ${chip(fact)}</div>`

function lines(facts: readonly Fact[]): Markup {
  const rows = facts.map(
    ({ label, value, change }) =>
      markup`<tr><td class="stack" width="34%" valign="top" style="padding:5px 12px 0 0"><span${look('quiet')}>${capital(label)}</span></td><td class="stack" valign="top" style="padding:5px 0 0;word-break:break-word">${toned({ ...value, text: cutEnd(value.text, longestText) })} ${change === undefined ? markup`` : toned(change)}</td></tr>`,
  )
  return markup`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">${rows}</table>`
}

const chips = { good: 'goodChip', caution: 'cautionChip', bad: 'badChip', quiet: 'even' } as const

function chip({ change }: Fact, more = ''): Markup {
  if (change === undefined || change.text === '–') return markup``
  return badge(change.text, chips[change.tone ?? 'quiet'], more)
}

export function badge(text: string, name: Look, more = ''): Markup {
  return markup`<span${look(name, `${more}display:inline-block;font-size:12px;line-height:18px;font-weight:600;padding:0 7px;border-radius:9px;white-space:nowrap`)}>${text}</span>`
}

/** Words with what their tone says. */
export function toned({ text, tone }: Words): Markup {
  return tone === undefined ? markup`${text}` : markup`<span${look(tone)}>${text}</span>`
}
