/** The HTML of reports in a real browser: quiet, within the screen, readable by all, and on paper. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AxeResults } from 'axe-core'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { html } from '../../src/renderers/html.js'
import { runWell, sharedFolder } from '../e2e/program.js'
import { charted } from '../golden/renderers/charted.js'
import { hostile, overview } from '../golden/renderers/reports.js'
import { launch, looks, open } from './browser.js'

const cwd = sharedFolder()
const demo = fileURLToPath(new URL('../../fixtures/demo', import.meta.url))
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const drawn = { overview, hostile, charted }
/** More columns than any screen has room for. */
const wide =
  'calls,cost_usd,cost_share,mean_cost_usd,p95_cost_usd,max_cost_usd,input_tokens,output_tokens,p95_input_tokens,p95_output_tokens,truncation_rate,error_rate,cache_hit_rate,p95_latency_ms'
const asked: Readonly<Record<string, readonly string[]>> = {
  report: ['report', '--budget', '300'],
  breakdown: ['breakdown', '--by', 'feature,model,user', '--since', '7d', '--columns', wide],
  calls: ['calls', '--top', '40'],
  trend: ['trend', '--since', '28d'],
  growth: ['trend', '--by', 'feature', '--every', 'week'],
  budget: [
    'budget',
    '--budget',
    '300',
    '--budget',
    'daily:0.1',
    '--budget',
    'monthly:20 feature=code-review',
  ],
  latency: ['latency', '--since', '48h'],
  anomalies: ['anomalies', '--since', '28d'],
  compare: ['compare', '--since', '7d', '--vs', 'previous'],
  status: ['status', '--files'],
  empty: ['report', '--where', 'feature=nothing'],
}
const names = [...Object.keys(drawn), ...Object.keys(asked)]
const fileOf = (name: string): string => join(cwd, `${name}.html`)

let browser: Browser

beforeAll(async () => {
  browser = await launch()
  for (const [name, report] of Object.entries(drawn)) {
    writeFileSync(fileOf(name), await html.render(report, { columns: 100, color: false }))
  }
  const env = { LLMCOST_DB: join(cwd, 'demo.duckdb') }
  await runWell(['ingest', demo], { cwd, env })
  for (const [name, args] of Object.entries(asked)) {
    const latest = name === 'status' ? [] : ['--as-of', 'latest']
    await runWell([...args, ...latest, '--output', `${name}.html`], { cwd, env })
  }
})

afterAll(() => browser.close())

describe.each(names)('%s', (name) => {
  test.each(looks)('$width px, $scheme', async (look) => {
    const { page, told } = await open(browser, fileOf(name), look)
    expect(told).toEqual([])
    const wide = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')
    expect(wide).toEqual([look.width, look.width])
    await page.evaluate(axe)
    const found = await page.evaluate<AxeResults>('axe.run()')
    expect(
      found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((one) => one.html).join(' ')}`),
    ).toEqual([])
    // Rules that did run, contrast among them: an audit of nothing has no violations either.
    expect(found.passes.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['color-contrast', 'document-title', 'html-has-lang', 'landmark-one-main']),
    )
    await page.close()
  })

  test('prints on A4', async () => {
    const { page } = await open(browser, fileOf(name), { width: 1280, scheme: 'dark' })
    await page.emulateMedia({ media: 'print' })
    // Tables with very many columns turn the sheet. A4 within its margins, at 96 px an inch:
    const broad = await page.evaluate('document.body.classList.contains("broad")')
    const width = broad ? 1031 : 687
    await page.setViewportSize({ width, height: 1000 })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    // Ink on white, also where the screen is dark.
    expect(await page.evaluate('getComputedStyle(document.body).color')).toBe('rgb(27, 31, 36)')
    const paper = (await page.pdf({ preferCSSPageSize: true })).toString('latin1')
    expect(paper.startsWith('%PDF-')).toBe(true)
    const sheets = [...paper.matchAll(/\/MediaBox \[([^\]]+)\]/g)].map(([, box = '']) =>
      box.split(' ').map((length) => Math.round(Number(length))),
    )
    expect(sheets.length).toBeGreaterThan(0)
    for (const sheet of sheets) expect(sheet).toEqual(broad ? [0, 0, 842, 595] : [0, 0, 595, 842])
    await page.close()
  })
})

test('a script in the page would not run', async () => {
  const page = readFileSync(fileOf('overview'), 'utf8').replace(
    '</main>',
    '<script>document.title="acted"</script></main>',
  )
  writeFileSync(fileOf('acting'), page)
  const opened = await open(browser, fileOf('acting'), { width: 1280, scheme: 'light' })
  expect(await opened.page.title()).toContain('LLM cost')
  expect(opened.told.join('\n')).toContain('Content Security Policy')
})
