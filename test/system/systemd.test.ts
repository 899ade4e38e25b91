/** The systemd units of the pages: accepted by systemd, and run with the environment that it gives a unit. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { emptyFolder, type Ran } from '../e2e/program.js'
import { freePort } from './free-port.js'
import { expectReport, scheduledWorld } from './scheduled-world.js'
import { assignments, runAlone, settings, units } from './scheduled.js'

const { places, service, mail, expectNoMail } = scheduledWorld()

test('accepts the units, and knows when the report is due', () => {
  const folder = emptyFolder()
  const printed = units(places)
  expect([...printed.keys()].toSorted()).toEqual([
    'llmcost-listen.service',
    'llmcost-metrics.service',
    'llmcost-report.service',
    'llmcost-report.timer',
    'llmcost-watch.service',
  ])
  for (const [name, text] of printed) writeFileSync(join(folder, name), text)
  const verified = spawnSync('systemd-analyze', ['verify', '--man=no', ...printed.keys()], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect([verified.status, verified.stderr]).toEqual([0, ''])
  const [due] = settings(printed.get('llmcost-report.timer')!, 'OnCalendar')
  const told = execFileSync('systemd-analyze', ['calendar', due!], { encoding: 'utf8' })
  expect(told).toContain('Normalized form: Mon *-*-* 08:00:00')
})

/** A unit's command, with what systemd sets: its own PATH, and no HOME. */
function asUnit(name: string, change: (text: string) => string = (text) => text): Promise<Ran> {
  const unit = change(units(places).get(name)!)
  const files = settings(unit, 'EnvironmentFile').flatMap((file) => readFileSync(file, 'utf8').split('\n'))
  const env = assignments([...settings(unit, 'Environment'), ...files])
  const [command] = settings(unit, 'ExecStart')
  // Where node is not in a folder of systemd's, the test has it in the one that stands for /usr/local/bin.
  const path = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin']
  const PATH = path.map((folder) => places[folder] ?? folder).join(':')
  return runAlone(command!.split(' ') as [string], { cwd: '/', env: { LANG: 'C.UTF-8', PATH, ...env } })
}

const report = 'llmcost-report.service'
const mailEnv = (text: string): void => writeFileSync(service('mail.env'), text)

test('serves the figures', async () => {
  // For a while, where nobody else listens: its end by SIGTERM is a good one.
  const ran = await asUnit('llmcost-metrics.service', (text) =>
    text
      .replace('127.0.0.1:9464', '127.0.0.1:0')
      .replace('ExecStart=', 'ExecStart=/usr/bin/timeout --preserve-status 3 '),
  )
  expect(ran).toMatchObject({ code: 0, stdout: '' })
  expect(ran.stderr).toMatch(/^listening on http:\/\/127\.0\.0\.1:\d+\/metrics\n$/)
})

test('listens, and keeps the database current', async () => {
  const short = (text: string): string =>
    text.replace('ExecStart=', 'ExecStart=/usr/bin/timeout --preserve-status 3 ')
  const listened = await asUnit('llmcost-listen.service', (text) =>
    short(text).replace('llmcost listen', 'llmcost listen --port 0'),
  )
  expect(listened).toMatchObject({ code: 0, stdout: expect.stringContaining('Ended. 0 requests') as unknown })
  expect(listened.stderr).toMatch(/^listening at http:\/\/127\.0\.0\.1:\d+, writing to \S+\/otlp\n$/)
  const watched = await asUnit('llmcost-watch.service', short)
  expect(watched).toMatchObject({ code: 0, stdout: 'Ended. 0 calls came in.\n', stderr: '' })
})

test('sends the report', async () => {
  mailEnv(`LLMCOST_SMTP=smtp://127.0.0.1:${mail().port}\n`)
  const ran = await asUnit(report)
  expect(ran).toMatchObject({ code: 0 })
  // The calls are of this week, which may be long after the price data.
  expect(ran.stderr).toMatch(/^(\d+ calls for \$[\d.,]+ are later than the price data .*\n)?$/)
  expect(ran.stdout).toContain('sent to team@example.com')
  expectReport((await mail().arrived(1))[0])
})

test('fails when there is no server, or nobody whom it knows', async () => {
  mailEnv('')
  expect(await asUnit(report)).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('send needs a mail server: --smtp or LLMCOST_SMTP') as unknown,
  })
  mailEnv(`LLMCOST_SMTP=smtp://127.0.0.1:${mail().port}\n`)
  const stranger = await asUnit(report, (text) => text.replace('example.com', 'elsewhere.invalid'))
  expect(stranger).toMatchObject({ code: 1, stdout: '' })
  expect(stranger.stderr).toContain('the mail was not sent')
  mailEnv(`LLMCOST_SMTP=smtp://127.0.0.1:${await freePort()}\n`)
  expect(await asUnit(report)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('refused the connection') as unknown,
  })
  await expectNoMail()
})
