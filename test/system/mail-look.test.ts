/** Mails as mail programs show them, in a real browser: with the style sheet, and without, as some drop it. */

import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AxeResults } from 'axe-core'
import type { Browser } from 'playwright-core'
import PostalMime, { type Email } from 'postal-mime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { composed } from '../../src/delivery/compose.js'
import { reportMessage } from '../../src/delivery/message.js'
import { mailWidth } from '../../src/renderers/mail/style.js'
import type { Report } from '../../src/reports/report.js'
import { runWell, sharedFolder } from '../e2e/program.js'
import { charted } from '../golden/renderers/charted.js'
import { hostile, overview } from '../golden/renderers/reports.js'
import { launch, looks, open } from './browser.js'

const cwd = sharedFolder()
const demo = fileURLToPath(new URL('../../fixtures/demo', import.meta.url))
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const fixtures: Readonly<Record<string, Report>> = { overview, hostile, charted }
const names = [...Object.keys(fixtures), 'report', 'month', 'nothing']
const fileOf = (name: string): string => join(cwd, `${name}.html`)
const mails = new Map<string, Email>()
let browser: Browser

beforeAll(async () => {
  browser = await launch()
  const address = { name: '', address: 'a@example.org' }
  for (const [name, report] of Object.entries(fixtures)) {
    const content = await reportMessage(report)
    const heads = { from: address, to: [address], cc: [], date: new Date(), messageId: '<1@example.org>' }
    await read(name, await composed({ ...content, ...heads }))
  }
  const env = { LLMCOST_DB: join(cwd, 'demo.duckdb') }
  await runWell(['ingest', demo], { cwd, env })
  const asked = {
    report: ['--budget', '150'],
    month: ['--period', '30d'],
    nothing: ['--where', 'model=none'],
  }
  for (const [name, args] of Object.entries(asked)) {
    const mail = ['report', '--format', 'email', '--to', 'a@example.org', '--as-of', 'latest', ...args]
    await read(name, await runWell(mail, { cwd, env }))
  }
})

afterAll(() => browser.close())

/** The mail's HTML as a file, its pictures in their places. */
async function read(name: string, message: string | Buffer): Promise<void> {
  const mail = await PostalMime.parse(message)
  mails.set(name, mail)
  const html = mail.attachments.reduce((text, { contentId, content }) => {
    const bytes = Buffer.from(content as ArrayBuffer).toString('base64')
    return text.replaceAll(`cid:${contentId?.slice(1, -1)}`, `data:image/png;base64,${bytes}`)
  }, mail.html ?? '')
  writeFileSync(fileOf(name), html)
  writeFileSync(fileOf(`${name}-plain`), html.replace(/<style>[^]*?<\/style>/, ''))
}

/** What has been drawn of the pictures, and which show. */
const pictures = `[...document.images].map((image) => ({
  look: image.className,
  shown: image.getClientRects().length > 0,
  width: image.naturalWidth,
}))`

interface Shown {
  readonly look: string
  readonly shown: boolean
  readonly width: number
}

describe.each(names)('%s', (name) => {
  test.each(looks)('$width px, $scheme', async (look) => {
    const { page, told } = await open(browser, fileOf(name), look)
    expect(told.filter((line) => !line.startsWith('asked for data:image/png'))).toEqual([])
    const wide = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')
    expect(wide).toEqual([look.width, look.width])
    // No table is wider than the mail, though the screen would have room.
    const cards = '[...document.querySelectorAll(".card")].map((one) => Math.round(one.offsetWidth))'
    expect(new Set(await page.evaluate<number[]>(cards))).toEqual(
      new Set([Math.min(look.width - 16, mailWidth)]),
    )
    const images = await page.evaluate<Shown[]>(pictures)
    const right = `${look.width < 600 ? 'narrow' : 'wide'}-${look.scheme}`
    expect(images.filter(({ shown, look: has }) => shown !== (has === right))).toEqual([])
    expect(images.filter(({ width }) => width < 600)).toEqual([])
    await page.evaluate(axe)
    const found = await page.evaluate<AxeResults>('axe.run()')
    expect(
      found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((one) => one.html).join(' ')}`),
    ).toEqual([])
    expect(found.passes.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['color-contrast', 'document-title', 'html-has-lang']),
    )
    await page.close()
  })

  test('without its style sheet it looks as on a wide, light screen', async () => {
    const look = { width: 760, scheme: 'light' } as const
    const [styled, plain] = [
      await open(browser, fileOf(name), look),
      await open(browser, fileOf(`${name}-plain`), look),
    ]
    expect(await plain.page.evaluate('document.documentElement.scrollWidth')).toBe(760)
    expect(await plain.page.evaluate(pictures)).toEqual(await styled.page.evaluate(pictures))
    const shots = await Promise.all([styled, plain].map(({ page }) => page.screenshot({ fullPage: true })))
    expect(shots[1]?.equals(shots[0] ?? Buffer.of())).toBe(true)
    await styled.page.close()
    await plain.page.close()
  })

  test('is not so large that it would be cut, and fetches nothing', () => {
    const { html = '', attachments } = mails.get(name) ?? {}
    expect(Buffer.byteLength(html)).toBeLessThan(100_000)
    expect(html).not.toMatch(/(?:src|href|background)="(?!cid:)|url\(|<link|<script/i)
    expect(attachments?.every(({ disposition }) => disposition === 'inline')).toBe(true)
  })
})

test('the report of the demo log has its charts', async () => {
  const week = '7 points from 2026-09-21 to 2026-09-27. Highest'
  const { html = '', attachments } = mails.get('report') ?? {}
  // For two widths and two schemes.
  expect(attachments).toHaveLength(4)
  expect(html).toContain(`alt="Cost by day. ${week}: 2026-09-23: $15.40`)
  const asked = ['report', '--full', '--format', 'email', '--to', 'a@example.org', '--as-of', 'latest']
  const env = { LLMCOST_DB: join(cwd, 'demo.duckdb') }
  const whole = await PostalMime.parse(await runWell([...asked, '--budget', '150'], { cwd, env }))
  // Cost, forecast and latency.
  expect(whole.attachments).toHaveLength(12)
  expect(whole.html).toContain(`alt="Latency by day. ${week}: 2026-09-26: 18.3 s, provider p50 4,668 ms`)
})
