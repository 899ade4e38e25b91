/** `llmcost` alone where nothing was ever read: what is found in a home and in the folder itself, as people see it. */
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { overviewCommand } from '../../src/commands/start/overview.js'
import { table } from '../../src/renderers/table.js'
import type { Report } from '../../src/reports/report.js'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'llmcost-look-')))
afterAll(() => rmSync(folder, { recursive: true }))

/** A home and a working directory with these fixtures in them. */
async function look(
  name: string,
  { sessions, logs }: { readonly sessions?: string; readonly logs?: string },
  now: string,
): Promise<Report> {
  const [home, cwd] = [join(folder, name, 'home'), join(folder, name, 'work')]
  mkdirSync(join(home, '.claude', 'projects'), { recursive: true })
  mkdirSync(cwd)
  if (sessions !== undefined)
    cpSync(`fixtures/${sessions}`, join(home, '.claude', 'projects', '-p'), { recursive: true })
  if (logs !== undefined) cpSync(`fixtures/${logs}`, join(cwd, 'logs'), { recursive: true })
  vi.stubEnv('HOME', home)
  vi.spyOn(process, 'cwd').mockReturnValue(cwd)
  try {
    const terminal = { columns: 80, interactive: false, warn: () => undefined, progress: process.stderr }
    const { report } = await overviewCommand.run({
      args: [],
      options: { tz: 'UTC', lockTimeout: '1s' },
      env: { HOME: home },
      version: '0.0.0',
      now: new Date(now),
      terminal,
      given: () => false,
    })
    if (report === undefined) throw new Error('nothing was found')
    return report
  } finally {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  }
}

describe.each([
  ['sessions', { sessions: 'claude-code/real-day' }, '2026-02-12T22:00:00Z'],
  ['logs', { logs: 'demo' }, '2026-09-28T08:00:00Z'],
  ['both', { sessions: 'claude-code/real-day', logs: 'demo' }, '2026-11-05T08:00:00Z'],
])('a first look at %s', (name, found, now) => {
  let report: Report
  beforeAll(async () => {
    report = await look(name, found, now)
  }, 60_000)

  test.each([60, 80, 100, 200])('at %i columns', async (columns) => {
    const text = await table.render(report, { columns, color: false })
    const lines = text.split('\n').filter((line) => !line.includes('llmcost '))
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(columns)
    await expect(text).toMatchFileSnapshot(`cli/__files__/first-look-${name}-${columns}.txt`)
  })
})
