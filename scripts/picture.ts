/**
 * `npm run picture`: the picture of the README, the page of the demo's report as a browser shows it. Needs
 * Chromium, and a database that `npm run demo` has made.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { chromium } from 'playwright-core'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path))
if (executablePath === undefined) throw new Error('no Chromium: apt-get install chromium')

const page = resolve('.demo/report.html')
const asked = [
  'report',
  '--as-of',
  'latest',
  '--db',
  '.demo/demo.duckdb',
  '--budget',
  '150',
  '--output',
  page,
]
const env = { ...process.env, LLMCOST_CONFIG: join('.demo', 'llmcost.config.json'), LLMCOST_DB: '' }
execFileSync(process.execPath, ['bin/llmcost.js', ...asked], { env, stdio: 'inherit' })

const browser = await chromium.launch({
  executablePath,
  args: ['--disable-gpu', '--no-first-run'],
  chromiumSandbox: process.getuid?.() !== 0,
})
try {
  const tab = await browser.newPage({ viewport: { width: 1000, height: 905 }, colorScheme: 'light' })
  await tab.goto(`file://${page}`)
  await tab.screenshot({ path: 'docs/report.png' })
} finally {
  await browser.close()
}
