/** The frame of a mail, and what it is put together from. */
import type { Report } from '../../reports/report.js'
import { visible } from '../../domain/words/hidden.js'
import { doubtsLine } from '../doubts.js'
import { markup, Markup } from '../markup.js'
import { periodWords } from '../times.js'
import { cutEnd } from '../width.js'
import type { Picture } from './picture.js'
import { letters, look, mailWidth, sheet } from './style.js'

export interface MailPage {
  readonly html: string
  readonly pictures: readonly Picture[]
}

export function documentOf(report: Report, preview: Markup, tz: string, shown: readonly Markup[]): Markup {
  const period = periodWords(report.period, tz)
  const doubt = doubtsLine(report.warnings)
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no">
<title>${said(report.title)}</title>
<style>${sheet}</style>
</head>
<body${look('paper', 'margin:0;padding:0;-webkit-text-size-adjust:100%')}>
${preview}
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"${look('paper')}><tr><td align="center" class="page" style="padding:28px 16px">
${onlyWord(`<table role="presentation" width="${mailWidth}"><tr><td>`)}
<div role="main"${look('ink', `max-width:${mailWidth}px;margin:0 auto;text-align:left;font-family:${letters};font-size:14px;line-height:1.5`)}>
<div style="margin:0 0 18px">
<h1 style="margin:0;font-size:24px;line-height:1.25;font-weight:700;letter-spacing:-.01em">${said(report.title)}</h1>
${period === undefined ? markup`` : markup`<p${look('quiet', 'margin:4px 0 0')}>${period}</p>`}
${doubt === undefined ? markup`` : markup`<p${look('caution', 'margin:4px 0 0')}>${doubt}: see the end</p>`}
</div>
${shown}
</div>
${onlyWord('</td></tr></table>')}
</td></tr></table>
</body>
</html>`
}

/** What only Word reads, which shows mails in some programs and knows no greatest width. */
const onlyWord = (text: string): Markup => new Markup(`<!--[if mso]>${text}<![endif]-->`)

/** What a list of mails shows beside the subject. */
export const hidden = (text: string): Markup =>
  markup`<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">${said(text)}</div>`

export const heading = (title: string): Markup =>
  markup`<h2 style="margin:26px 0 8px;font-size:16px;line-height:1.3;font-weight:600">${said(title)}</h2>`

export function card(content: Markup): Markup {
  return markup`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td${look('card', 'padding:12px 16px 14px;border-width:1px;border-style:solid;border-radius:10px')}>
${content}
</td></tr></table>`
}

export const quietLine = (text: string): Markup =>
  markup`<p${look('quiet', 'margin:8px 0 0;font-size:13px')}>${said(text)}</p>`

const longestSentence = 600

/** Of a text from a log nobody reads more, and a mail has no room for it. */
export const said = (text: string): string => cutEnd(visible(text), longestSentence)
