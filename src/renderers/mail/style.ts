/**
 * Looks of a mail. They are written into each element, since many mail programs drop style sheets; the sheet
 * adds what only it can say: dark colours, and what gives way on a phone.
 */
import { darkPalette, lightPalette, type Palette } from '../../charts/palette.js'
import { markup, Markup } from '../markup.js'

/** What depends on the scheme, by what it says. */
const looks = {
  paper: ({ paper }) => `background-color:${paper}`,
  card: ({ card, line }) => `background-color:${card};border-color:${line}`,
  ink: ({ ink }) => `color:${ink}`,
  quiet: ({ quiet }) => `color:${quiet}`,
  line: ({ line }) => `border-color:${line}`,
  fact: ({ line }) => `border-color:${line}`,
  trace: ({ accent }) => `color:${accent}`,
  accent: ({ accent }) => `background-color:${accent}`,
  good: ({ good }) => `color:${good}`,
  caution: ({ caution }) => `color:${caution}`,
  bad: ({ bad }) => `color:${bad}`,
  even: ({ quiet, paper }) => `color:${quiet};background-color:${paper}`,
  goodChip: ({ good, goodPaper }) => `color:${good};background-color:${goodPaper}`,
  cautionChip: ({ caution, cautionPaper }) => `color:${caution};background-color:${cautionPaper}`,
  badChip: ({ bad, badPaper }) => `color:${bad};background-color:${badPaper}`,
  doubt: ({ ink, cautionPaper }) => `color:${ink};background-color:${cautionPaper}`,
  markKey: ({ bad }) => `background-color:${bad}`,
  faintKey: ({ faint }) => `background-color:${faint}`,
  inkKey: ({ ink }) => `background-color:${ink}`,
  boundKey: ({ caution }) => `background-color:${caution}`,
} satisfies Record<string, (palette: Palette) => string>

export type Look = keyof typeof looks

/** Class and style of an element: colours that turn dark, and what else it needs. */
export function look(name: Look, more = ''): Markup {
  const style = [looks[name](lightPalette), ...(more === '' ? [] : [more])].join(';')
  return markup` class="${name}" style="${style}"`
}

export const letters = "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"

/** Width of the mail in px; phones have less. */
export const mailWidth = 640

/** Of the same picture one is shown: by the width of the screen and by its scheme. */
export const pictureLooks = [
  { name: 'wide-light', width: 606, height: 220, palette: lightPalette },
  { name: 'wide-dark', width: 606, height: 220, palette: darkPalette },
  { name: 'narrow-light', width: 322, height: 190, palette: lightPalette },
  { name: 'narrow-dark', width: 322, height: 190, palette: darkPalette },
] as const

const important = (css: string): string => css.replaceAll(/;|$/g, '!important$&')

const show = (shown: string): string =>
  pictureLooks
    .map(({ name }) => `.${name}{display:${name === shown ? 'block' : 'none'}!important}`)
    .join('\n')

const phone = '(max-width:520px)'
const dark = '(prefers-color-scheme:dark)'

/** Without comments or markup characters: it stands in a style element as it is. */
export const sheet = new Markup(`
:root{color-scheme:light dark;supported-color-schemes:light dark}
a[x-apple-data-detectors]{color:inherit!important;text-decoration:none!important}
@media ${dark}{
${Object.entries(looks)
  .map(([name, css]) => `.${name}{${important(css(darkPalette))}}`)
  .join('\n')}
${show('wide-dark')}
}
@media ${phone}{
.optional{display:none!important}
.more{display:block!important}
.stack{display:block!important;width:auto!important}
.stack+.stack{padding-top:2px!important}
.facts,.facts tbody{display:block!important}
.facts tr{display:inline!important}
.fact{display:inline-block!important;width:45%!important;vertical-align:top;border-top-style:none!important;padding-top:4px!important}
.fact:empty{display:none!important}
.rows{font-size:12px!important}
.rows th,.rows td{padding:5px 4px!important}
.rows th{white-space:normal!important}
.page{padding:20px 8px!important}
.card{padding-left:10px!important;padding-right:10px!important}
${show('narrow-light')}
}
@media ${phone} and ${dark}{
${show('narrow-dark')}
}
`)
