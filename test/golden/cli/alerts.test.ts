/** What `alerts` shows: nothing yet, what fires, what was acknowledged or is over, in every format; and its mistakes. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { demoIn } from '../../e2e/demo.js'
import { sharedFolder } from '../../e2e/program.js'
import { runWarm, runWarmWell } from '../../e2e/together.js'
import { expectRecorded } from './recorded.js'

const cwd = sharedFolder()
const env = { LLMCOST_DB: 'demo.duckdb' }

const config = {
  rules: [
    { name: 'dear-hour', kind: 'cost', over: 0.5, by: 'feature', severity: 'critical' },
    { name: 'dear-user', kind: 'cost', over: 0.3, by: 'user' },
  ],
  notify: {
    // Both lack what they need: what is said is the same on every machine.
    chat: { kind: 'slack', url_env: 'NOT_SET' },
    mails: { kind: 'mail', to: 'team@example.org', smtp_env: 'NO_SERVER', severity: 'critical' },
  },
}

beforeAll(async () => {
  await demoIn(cwd)
})

test('before the first check', () => expectRecorded('alerts-none', ['alerts'], { cwd, env }))

describe('after some checks', () => {
  beforeAll(async () => {
    writeFileSync(join(cwd, 'llmcost.config.json'), JSON.stringify(config))
    for (const time of ['2026-09-23T16:00Z', '2026-09-24T03:00Z', '2026-09-24T12:00Z'])
      await runWarm(['check', '--notify', '--as-of', time], { cwd, env })
    // Both: that somebody has it in hand says more.
    await runWarmWell(['alerts', 'snooze', '1', '2h'], { cwd, env })
    await runWarmWell(['alerts', 'ack', '1'], { cwd, env })
  })

  test.each(['80', '200'])('at %s columns', (columns) =>
    expectRecorded(`alerts-${columns}`, ['alerts'], { cwd, env: { ...env, COLUMNS: columns } }),
  )
  test('in colour', () =>
    expectRecorded('alerts-color', ['alerts'], { cwd, env: { ...env, FORCE_COLOR: '1' } }))
  test('with those that are over', () =>
    expectRecorded('alerts-all', ['alerts', '--all', '--top', '3'], { cwd, env }))

  test('a snooze is told with its end', async () => {
    await runWarmWell(['alerts', 'snooze', '2', '90d'], { cwd, env })
    const told = JSON.parse(await runWarmWell(['alerts', '--json'], { cwd, env })) as {
      rows: { alert: number; status: string; snoozed_until: string | null }[]
    }
    const of = (id: number): unknown => told.rows.find(({ alert }) => String(alert) === String(id))
    expect(of(1)).toMatchObject({ status: 'acknowledged' })
    expect(of(2)).toMatchObject({ status: 'snoozed', snoozed_until: expect.stringMatching(/Z$/) as string })
    expect(await runWarmWell(['alerts'], { cwd, env })).toContain('no reminder before')
  })

  test.each([
    ['alerts-unknown', ['alerts', 'ack', '99']],
    ['alerts-no-time', ['alerts', 'snooze', '1', 'soon']],
    ['alerts-no-alert', ['alerts', 'ack']],
    ['alerts-no-store', ['alerts', '--db', 'none.duckdb']],
    ['send-no-server', ['send', '--to', 'a@example.org']],
    ['send-no-recipient', ['send', '--smtp', 'smtp://localhost']],
    ['send-no-address', ['send', '--to', 'nobody', '--smtp', 'smtp://localhost']],
    [
      'send-password-in-url',
      ['send', '--to', 'a@example.org', '--smtp', 'smtp://u:hunter2@mail.example.org'],
    ],
    ['email-no-recipient', ['report', '--format', 'email']],
    ['email-two-formats', ['report', '--format', 'email', '--json', '--to', 'a@example.org']],
    ['email-to-alone', ['report', '--to', 'a@example.org']],
  ])('%s', (name, args) => expectRecorded(name, args, { cwd, env }))
})
