/** Debian's Chromium, as people's browsers are: scripts on, and every request seen. */
import { existsSync } from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path))

export function launch(): Promise<Browser> {
  if (executablePath === undefined) throw new Error('no Chromium: apt-get install chromium')
  // Root, as in containers, has no sandbox.
  const args = ['--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-quic']
  return chromium.launch({ executablePath, args, chromiumSandbox: process.getuid?.() !== 0 })
}

export interface Look {
  readonly width: number
  readonly scheme: 'light' | 'dark'
}

export const looks: readonly Look[] = [
  { width: 1280, scheme: 'light' },
  { width: 1280, scheme: 'dark' },
  { width: 360, scheme: 'light' },
  { width: 360, scheme: 'dark' },
]

export interface Opened {
  readonly page: Page
  /** What the console said, what failed, and every request but for the file itself. */
  readonly told: string[]
}

export async function open(browser: Browser, file: string, { width, scheme }: Look): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: scheme })
  const told: string[] = []
  page.on('console', (message) => told.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => told.push(error.message))
  page.on('request', (request) => {
    if (request.url() !== `file://${file}`) told.push(`asked for ${request.url()}`)
  })
  await page.goto(`file://${file}`)
  return { page, told }
}
