/**
 * Golden files of pages and mails without their looks. Style sheets have a golden file each and colours stand
 * by their names, so that another colour changes these alone; here both are checked to be what they are.
 */
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { lightPalette } from '../../src/charts/palette.js'
import { sheet } from '../../src/renderers/mail/style.js'
import { style } from '../../src/renderers/html/style.js'

/** A page with its style sheet, and the policy that allows just this one, taken out. */
export function unstyledPage(html: string): string {
  const digest = `sha256-${createHash('sha256').update(style.text).digest('base64')}`
  const page = cut(html, digest, 'sha256-…')
  return cut(page, `<style>${style.text}</style>`, '<style>…</style>')
}

/** A mail with its style sheet taken out, colours by their names and pictures by their numbers. */
export function unstyledMail(html: string): string {
  const mail = cut(html, `<style>${sheet.text}</style>`, '<style>…</style>')
  const named = Object.entries(lightPalette).reduce(
    (text, [name, colour]) => text.replaceAll(colour, name),
    mail,
  )
  expect(named).not.toMatch(/#[0-9a-f]{6}\b/)
  const pictures: string[] = []
  return named.replaceAll(/(?<=src="cid:)[0-9a-f]{24}(?=@llmcost")/g, (digest) => {
    if (!pictures.includes(digest)) pictures.push(digest)
    return `picture-${pictures.indexOf(digest) + 1}`
  })
}

/** Once, and nothing else in its place. */
function cut(text: string, part: string, mark: string): string {
  const around = text.split(part)
  expect(around).toHaveLength(2)
  return around.join(mark)
}
