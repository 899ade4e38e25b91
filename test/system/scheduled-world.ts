/** A folder as the pages' schedules know it: program, config file, logs and database, and a mail server. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Email } from 'postal-mime'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { programPath, runWell, sharedFolder } from '../e2e/program.js'
import type { Places } from './scheduled.js'
import { startMailServer, type MailServer } from './smtpd.js'

/** A rule that fires, and whose bound a test may raise. */
export const config =
  'db: costs.duckdb\nrules:\n  - name: dear\n    kind: cost\n    over: 0.001\n    window: 30d\n'

/** Weeks of calls up to now, so that the week before has some, and others to compare with, whenever this runs. */
const calls = Array.from({ length: 28 * 24 }, (_, hour) =>
  JSON.stringify({
    timestamp: new Date(Date.now() - hour * 3_600_000).toISOString(),
    request_id: `r${hour}`,
    model: 'gpt-4o',
    feature: 'search',
    input_tokens: 2000,
    output_tokens: 300,
  }),
).join('\n')

/** A folder for PATH with the program and the files that are named, and nothing else. */
export function prefix(folder: string, ...more: readonly string[]): string {
  mkdirSync(folder, { recursive: true })
  symlinkSync(programPath(), join(folder, 'llmcost'))
  for (const path of more) symlinkSync(path, join(folder, path.split('/').at(-1)!))
  return folder
}

/** What stands for /srv/llmcost, before anything was read. */
export function makeService(folder: string): void {
  mkdirSync(join(folder, 'logs'), { recursive: true })
  writeFileSync(join(folder, 'logs/calls.jsonl'), `${calls}\n`)
  writeFileSync(join(folder, 'llmcost.config.yaml'), config)
}

export interface World {
  readonly cwd: string
  readonly places: Places
  /** A path below what stands for /srv/llmcost. */
  readonly service: (name: string) => string
  readonly mail: () => MailServer
  /** Nobody has a mail: a message that were on its way would be there by now. */
  readonly expectNoMail: () => Promise<void>
}

/** For all tests of a file; before each, its config file is as it was and no mail is there. */
export function scheduledWorld(): World {
  const cwd = sharedFolder()
  const service = (name: string): string => join(cwd, 'srv', name)
  let smtpd: MailServer
  beforeAll(async () => {
    prefix(join(cwd, 'bin'), process.execPath)
    mkdirSync(join(cwd, 'textfiles'))
    makeService(service('.'))
    await runWell(['ingest', 'logs'], { cwd: service('.') })
    smtpd = await startMailServer(cwd)
  })
  afterAll(() => smtpd.stop())
  beforeEach(() => {
    smtpd.clear()
    writeFileSync(service('llmcost.config.yaml'), config)
  })
  return {
    cwd,
    service,
    places: {
      '/usr/local/bin': join(cwd, 'bin'),
      '/srv/llmcost': join(cwd, 'srv'),
      '/var/lib/prometheus/node-exporter': join(cwd, 'textfiles'),
    },
    mail: () => smtpd,
    expectNoMail: async () => {
      await new Promise((done) => setTimeout(done, 500))
      expect(await smtpd.mails()).toEqual([])
    },
  }
}

export function expectReport(mail: Email | undefined): void {
  expect(mail?.subject).toMatch(/^LLM cost \$[\d.,]+( \([+-]?[\d.,]+%\))?, \d.* [A-Z][a-z]{2}$/)
  expect(mail?.to?.map(({ address }) => address)).toEqual(['team@example.com'])
  expect(mail?.text).toContain('search')
  expect(mail?.html).toContain('search')
}
