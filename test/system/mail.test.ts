/**
 * Mail by a real server: OpenSMTPD takes what `send`, `report --format email` and alerts hand to it, and the
 * messages are read back from its maildir.
 */
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { run, runWell, sharedFolder } from '../e2e/program.js'
import { expectDemoReport, ingestDemo, question } from './demo-report.js'
import { startMailServer, type MailServer } from './smtpd.js'

const cwd = sharedFolder()
let smtpd: MailServer

beforeAll(async () => {
  await ingestDemo(cwd)
  smtpd = await startMailServer(cwd)
})

afterAll(() => smtpd.stop())

const server = (): string => `smtp://127.0.0.1:${smtpd.port}`

beforeEach(() => smtpd.clear())

test('send hands the report to the server', async () => {
  const said = await runWell(['send', '--to', 'Ann Ä <ann@example.org>', '--smtp', server(), ...question], {
    cwd,
  })
  expect(said).toContain(`sent to ann@example.org by 127.0.0.1:${smtpd.port}`)
  const [mail] = await smtpd.arrived(1)
  expectDemoReport(mail, 'ann@example.org')
  expect(mail?.to).toMatchObject([{ name: 'Ann Ä' }])
  expect(said).toContain(String(mail?.messageId))
})

test("the server may stand in the environment; copies, sender and subject are the user's", async () => {
  const args = ['send', '--to', 'a@example.org,b@example.org', '--cc', 'c@example.org']
  const more = ['--sender', 'Cost Bot <bot@example.org>', '--subject', 'Kosten €', ...question]
  await runWell([...args, ...more], { cwd, env: { LLMCOST_SMTP: server() } })
  const mails = await smtpd.arrived(3)
  for (const mail of mails) {
    expect(mail.subject).toBe('Kosten €')
    expect(mail.from).toMatchObject({ name: 'Cost Bot', address: 'bot@example.org' })
    expect(mail.to?.map(({ address }) => address)).toEqual(['a@example.org', 'b@example.org'])
    expect(mail.cc?.map(({ address }) => address)).toEqual(['c@example.org'])
  }
})

test('report --format email prints a message that a sendmail takes', async () => {
  const text = await runWell(['report', '--format', 'email', '--to', 'ann@example.org', ...question], { cwd })
  expect(text).not.toContain('\r')
  // eslint-disable-next-line no-control-regex
  expect(text).toMatch(/^[\u0000-\u007f]*$/)
  expect(
    text.split('\n').filter((line) => line.length > 78 && !/^(?:DKIM|Message-ID|References)/i.test(line)),
  ).toEqual([])
  const args = [
    '--host=127.0.0.1',
    `--port=${smtpd.port}`,
    '--from=llmcost@example.org',
    '--tls=off',
    '--auth=off',
  ]
  execFileSync('msmtp', [...args, '--read-recipients'], { input: text })
  const [mail] = await smtpd.arrived(1)
  expectDemoReport(mail, 'ann@example.org')
})

test('a recipient that the server refuses is said, and the others have it', async () => {
  const args = ['send', '--to', 'ann@example.org,bob@elsewhere.invalid', '--smtp', server(), ...question]
  const ran = await run(args, { cwd })
  expect(ran.code).toBe(1)
  expect(ran.stderr).toContain('not for bob@elsewhere.invalid')
  expect((await smtpd.arrived(1)).map(({ text }) => text?.includes('document-analysis'))).toEqual([true])
  const nobody = await run(['send', '--to', 'bob@elsewhere.invalid', '--smtp', server(), ...question], {
    cwd,
  })
  expect(nobody.code).toBe(1)
  expect(nobody.stderr).toContain('the mail was not sent')
})

test('alerts arrive by mail: one at the start, one at the end, in one thread', async () => {
  const config = {
    db: 'costs.duckdb',
    rules: [{ name: 'dear-hour', kind: 'cost', over: 0.5, by: 'feature', severity: 'critical' }],
    notify: {
      mails: { kind: 'mail', to: ['team@example.org', 'ops@example.org'], from: 'llmcost@example.org' },
    },
  }
  writeFileSync(join(cwd, 'llmcost.config.json'), JSON.stringify(config))
  const env = { LLMCOST_SMTP: server() }
  const codes: (number | null)[] = []
  for (const time of ['2026-09-24T03:00Z', '2026-09-24T03:30Z', '2026-09-24T20:00Z'])
    codes.push((await run(['check', '--notify', '--as-of', time], { cwd, env })).code)
  expect(codes.at(0)).toBe(3)
  expect(codes.at(-1)).toBe(0)
  const mails = await smtpd.arrived(4)
  expect(mails).toHaveLength(4)
  const subjects = mails.map(({ subject }) => (subject ?? '').replace(/:.*/, '')).toSorted()
  expect(subjects).toEqual(['[llmcost] Critical', '[llmcost] Critical', '[llmcost] Over', '[llmcost] Over'])
  expect(new Set(mails.map(({ references }) => references)).size).toBe(1)
  expect(mails.every(({ text }) => text?.includes('document-analysis'))).toBe(true)
  rmSync(join(cwd, 'llmcost.config.json'))
})

test('doctor --live finds the server in order, and hands it no mail', async () => {
  const said = await runWell(['doctor', '--live', '--db', 'costs.duckdb'], {
    cwd,
    env: { LLMCOST_SMTP: server(), COLUMNS: '160' },
  })
  expect(said).toContain(`127.0.0.1:${smtpd.port}: let llmcost in (no TLS, no password); no mail was sent`)
  expect(await smtpd.mails()).toEqual([])
})
