import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Invocation } from '../../src/commands/command.js'
import { examine } from '../../src/commands/start/doctor-checks.js'
import type { Checked } from '../../src/reports/store/doctor.js'
import { emptyFolder } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const invocation = (env: Record<string, string>, now = '2026-10-05T12:00:00Z'): Invocation => ({
  args: [],
  options: { tz: 'UTC', lockTimeout: '1s' },
  env: { LLMCOST_CONFIG: '/dev/null', ...env },
  version: '0.0.0',
  now: new Date(now),
  terminal: { columns: 80, interactive: false, warn: () => undefined, progress: process.stderr },
  given: () => false,
})

const call = (id: string, timestamp: string, model = 'gpt-4o'): string =>
  `${JSON.stringify({ timestamp, request_id: id, model, input_tokens: 10, output_tokens: 1 })}\n`

/** Health and next step of each check by its name. */
const healths = async (asked: Invocation): Promise<Record<string, string>> =>
  Object.fromEntries((await examine(asked)).map(({ check, health }) => [check, health]))

describe('doctor', () => {
  test('finds a sound set-up sound', async () => {
    const cwd = emptyFolder()
    writeFileSync(join(cwd, 'calls.jsonl'), call('a', '2026-10-04T08:00:00Z'))
    await runWarmWell(['ingest', 'calls.jsonl', '--db', 'costs.duckdb'], { cwd })
    const db = join(cwd, 'costs.duckdb')
    const checks = await examine(invocation({ LLMCOST_DB: db, LLMCOST_TZ: 'Asia/Kolkata' }))
    expect(checks.filter(({ health }) => health !== 'ok')).toEqual([])
    const found = Object.fromEntries(checks.map((one) => [one.check, one.found]))
    expect(found['database']).toMatch(new RegExp(`B, ${db} \\(LLMCOST_DB\\)$`))
    expect(found['calls']).toBe('1 from 1 file, the newest 2026-10-04')
    expect(found['time zone']).toContain('days begin in Asia/Kolkata (LLMCOST_TZ)')
    expect(found['prices']).toMatch(/genai-prices .*, 12 days old$/)
  })

  test('names what is doubtful: models without a price, a clock that is behind, old prices', async () => {
    const cwd = emptyFolder()
    writeFileSync(
      join(cwd, 'calls.jsonl'),
      call('a', '2026-10-04T08:00:00Z') + call('b', '2026-10-04T08:00:01Z', 'x-1'),
    )
    await runWarmWell(['ingest', 'calls.jsonl', '--db', 'costs.duckdb'], { cwd })
    const env = { LLMCOST_DB: join(cwd, 'costs.duckdb') }
    expect(await healths(invocation(env))).toMatchObject({ calls: 'note', clock: 'ok', prices: 'ok' })
    expect(await healths(invocation(env, '2026-10-01T00:00:00Z'))).toMatchObject({ clock: 'problem' })
  })

  test('judges the age of prices by the calls, not by the clock', async () => {
    const cwd = emptyFolder()
    const db = join(cwd, 'costs.duckdb')
    const asked = invocation({ LLMCOST_DB: db }, '2027-10-01T00:00:00Z')
    const pricesOf = async (): Promise<Checked | undefined> =>
      (await examine(asked)).find(({ check }) => check === 'prices')
    // The bundled prices are of 2026-09-23: 30 days on is in time.
    writeFileSync(join(cwd, 'a.jsonl'), call('a', '2026-10-23T23:59:59Z'))
    await runWarmWell(['ingest', 'a.jsonl', '--db', db], { cwd })
    expect(await pricesOf()).toMatchObject({ health: 'ok' })
    writeFileSync(
      join(cwd, 'b.jsonl'),
      call('b', '2026-10-24T00:00:00Z') + call('c', '2026-10-25T00:00:00Z', 'x-1'),
    )
    await runWarmWell(['ingest', 'b.jsonl', '--db', db], { cwd })
    const found = await pricesOf()
    expect(found).toMatchObject({ health: 'note' })
    expect(found?.found).toMatch(
      /; 1 call for \$[\d.]+ is later than the price data \(2026-09-23\) by over 30 days$/,
    )
    expect(found?.next).toContain('llmcost prices update')
  })

  test('tells a mistake once, with what to do', async () => {
    const checks = await examine(
      invocation({ LLMCOST_TZ: 'Mars/X', LLMCOST_DB: join(emptyFolder(), 'no.duckdb') }),
    )
    const problems = checks.filter(({ health }) => health === 'problem')
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ check: 'database', found: 'LLMCOST_TZ Mars/X is not a time zone' })
    expect(problems[0]?.next).toMatch(/UTC or Europe\/Berlin/)
  })

  test('says of each channel what it would be, or which variable it lacks', async () => {
    const config = join(emptyFolder(), 'llmcost.config.json')
    const notify = {
      chat: { kind: 'slack', url_env: 'CHAT_URL' },
      pager: { kind: 'pagerduty', key_env: 'PAGER_KEY' },
      mails: { kind: 'mail', to: 'team@example.org' },
    }
    writeFileSync(config, JSON.stringify({ db: 'no.duckdb', notify }))
    const env = {
      LLMCOST_CONFIG: config,
      CHAT_URL: 'https://hooks.example.org/services/sEcReT',
      LLMCOST_SMTP: 'smtp://mail.example.org',
      LLMCOST_SMTP_USER: 'ann',
    }
    const checks = await examine(invocation(env))
    const found = Object.fromEntries(checks.map((one) => [one.check, one]))
    expect(found['channel chat']).toEqual({
      check: 'channel chat',
      health: 'ok',
      found: 'slack, hooks.example.org: set up; --live tries it',
    })
    expect(found['channel pager']).toMatchObject({
      health: 'problem',
      found: 'pagerduty: the environment variable PAGER_KEY is not set',
    })
    const half = 'goes with both LLMCOST_SMTP_USER and LLMCOST_SMTP_PASSWORD, or with neither'
    expect(found['channel mails']).toMatchObject({ health: 'problem', found: `mail: LLMCOST_SMTP ${half}` })
    expect(found['mail server']).toMatchObject({ health: 'problem', found: `LLMCOST_SMTP ${half}` })
    expect(JSON.stringify(checks)).not.toContain('sEcReT')
    const whole = await examine(
      invocation({ ...env, LLMCOST_SMTP_PASSWORD: 'pass', PAGER_KEY: 'a1'.repeat(16) }),
    )
    const sound = Object.fromEntries(whole.map((one) => [one.check, one.found]))
    expect(sound['channel pager']).toBe('pagerduty, events.pagerduty.com: set up; --live tries it')
    expect(sound['channel mails']).toBe(
      'mail, team@example.org by mail.example.org:587: set up; --live tries it',
    )
    expect(sound['mail server']).toBe('mail.example.org:587: set up; --live tries it')
  })

  test('without channels says so, and says it louder when they were to be tried', async () => {
    const asked = invocation({ LLMCOST_DB: join(emptyFolder(), 'no.duckdb') })
    expect(await healths(asked)).toMatchObject({ channels: 'ok', 'mail server': 'ok' })
    const live = { ...asked, options: { ...asked.options, live: true } }
    expect(await healths(live)).toMatchObject({ channels: 'note', 'mail server': 'ok' })
  })

  test('notes rules and budgets about calls of which there are none', async () => {
    const cwd = emptyFolder()
    const line = JSON.parse(call('a', '2026-10-04T08:00:00Z')) as object
    writeFileSync(join(cwd, 'calls.jsonl'), `${JSON.stringify({ ...line, feature: 'search' })}\n`)
    const config = join(cwd, 'llmcost.config.json')
    const rule = { kind: 'cost', over: 5 }
    const rules = [
      { ...rule, name: 'good', where: 'feature=search' },
      { ...rule, name: 'bad', where: 'feature=serch' },
      { ...rule, name: 'off', where: 'feature=serch', enabled: false },
    ]
    const write = (more: object): void =>
      writeFileSync(config, JSON.stringify({ db: 'costs.duckdb', ...more }))
    write({ rules })
    const asked = (): Invocation => invocation({ LLMCOST_CONFIG: config })
    const found = async (): Promise<string[]> =>
      (await examine(asked()))
        .filter(({ check }) => /^(filters|rule|budget)/.test(check))
        .map((one) => `${one.check}, ${one.health}: ${one.found}`)
    expect(await found()).toEqual(['filters, ok: there are no calls to hold them against'])
    await runWarmWell(['ingest', 'calls.jsonl'], { cwd })
    expect(await found()).toEqual([
      'rule bad, note: no call at any time has feature=serch; the closest: search',
    ])
    write({ rules: rules.slice(0, 1), budgets: [{ monthly: 5, team: 'x' }] })
    expect(await found()).toEqual(['budget monthly team=x, note: no call at any time has any team'])
    write({ rules: rules.slice(0, 1) })
    expect(await found()).toEqual(['filters, ok: calls pass those of rule good'])
  })

  test('ends with 1 when something must be mended, and changes nothing', async () => {
    const cwd = emptyFolder()
    const fresh = await runWarm(['doctor'], { cwd })
    expect(fresh).toMatchObject({ code: 0 })
    expect(fresh.stdout).toContain('not there yet: ')
    writeFileSync(join(cwd, 'notes.txt'), 'not a database')
    const ill = await runWarm(['doctor', '--db', 'notes.txt'], { cwd })
    expect(ill).toMatchObject({ code: 1, stderr: '' })
    expect(ill.stdout).toContain('not a database of llmcost')
  })
})
