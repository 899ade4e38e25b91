/** What to look at, a line each with how grave it is. */
import type { Finding, Report } from '../../reports/report.js'
import { markup, Markup } from '../markup.js'

export const severities: Readonly<Record<Finding['severity'], string>> = {
  critical: 'Critical',
  warning: 'Warning',
  info: 'Note',
}

export const findingList = ({
  findings = [],
}: Pick<Report, 'findings'>): Markup => markup`<ul class="findings">
${findings.map((finding) => markup`<li class="${finding.severity}"><span class="badge">${severities[finding.severity]}</span><span>${findingText(finding)}</span></li>`)}
</ul>`

/** What the sentence is about stands out where the sentence begins with it. */
function findingText({ text, value }: Finding): Markup {
  if (typeof value !== 'string' || value.trim() === '' || !text.startsWith(value)) return markup`${text}`
  return markup`<strong>${value}</strong>${text.slice(value.length)}`
}
