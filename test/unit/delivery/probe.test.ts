/** What `llmcost doctor --live` does at each channel: nothing that alarms anybody, said as it went. */
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Sent } from '../../../src/delivery/channel.js'
import type { Limits } from '../../../src/delivery/limits.js'
import { openChannel } from '../../../src/delivery/registry.js'
import { Secrets, type Environment } from '../../../src/delivery/secrets.js'
import type { ChannelConfig, ChannelKind } from '../../../src/domain/rules/channels.js'
import { closedPort, receiver, type Answer } from './receiver.js'

const limits = (attemptMs: number): Limits => ({
  attempts: 1,
  attemptMs,
  deadline: Date.now() + attemptMs,
  pauseMs: 0,
})
/** For servers that answer, on a machine however busy. */
const patient = 30_000
const path = '/services/T0AB/B0CD/zYxWvUtSrQpOnMlKjIhG'
const key = 'R0UT1NGK3Y0123456789abcdefABCDEF'

const config = (kind: ChannelKind, more: Partial<ChannelConfig> = {}): ChannelConfig => ({
  name: 'one',
  kind,
  severity: 'info',
  remindMs: null,
  urlEnv: 'URL',
  keyEnv: 'KEY',
  secretEnv: 'SECRET',
  to: ['team@example.org'],
  ...more,
})

const open = (one: ChannelConfig, env: Environment, attemptMs = patient): ReturnType<typeof openChannel> =>
  openChannel(one, { secrets: new Secrets(env), limits: limits(attemptMs), version: '0.0.0' })

async function probed(one: ChannelConfig, env: Environment, attemptMs?: number): Promise<Sent> {
  const opened = await open(one, { KEY: key, SECRET: 'a secret of many letters', ...env }, attemptMs)
  if ('error' in opened) throw new Error(opened.error)
  return opened.channel.probe.run()
}

const kinds = ['slack', 'teams', 'pagerduty', 'webhook'] as const

describe.each(kinds)('%s', (kind) => {
  test('is sent one request', async () => {
    const { url, received } = await receiver(202)
    expect(await probed(config(kind), { URL: url + path })).toEqual({ ok: true })
    expect(received).toHaveLength(1)
    expect(received[0]?.path).toBe(path)
    const sent = JSON.parse(received[0]?.body ?? '') as Record<string, unknown>
    if (kind === 'pagerduty') {
      expect(sent).toEqual({
        routing_key: key,
        event_action: 'resolve',
        dedup_key: expect.stringMatching(/^llmcost-doctor-[\da-f-]{36}$/),
      })
    } else expect(received[0]?.body).toContain('llmcost doctor: a test, nothing is wrong.')
    if (kind === 'webhook') {
      expect(sent['type']).toBe('test')
      expect(received[0]?.headers['webhook-signature']).toMatch(/^v1,/)
    }
  })

  const answers: [string, Answer][] = [
    ...[401, 403, 404, 429, 500].map((status): [string, Answer] => [
      `answered ${status}: bad `,
      { status, body: `bad ${key}${path} key` },
    ]),
    ['did not answer within 2 s', () => undefined],
    ['closed the connection without an answer', (response) => response.destroy()],
  ]
  test.each(answers)('that %s is said, once, and without a secret', async (said, answer) => {
    const { url, received } = await receiver(answer)
    const result = await probed(config(kind), { URL: url + path }, said.includes('within') ? 2000 : patient)
    expect(result.ok ? '' : result.error).toContain(said)
    expect(JSON.stringify(result)).not.toMatch(/zYxWvUtSrQpOnMlKjIhG|R0UT1NGK3Y/)
    expect(received).toHaveLength(1)
  })

  test('that refuses the connection is said', async () => {
    const url = `http://127.0.0.1:${await closedPort()}${path}`
    expect(await probed(config(kind), { URL: url })).toMatchObject({ error: 'refused the connection' })
  })

  test('names the variable that lacks something, never what it holds', async () => {
    const { urlEnv: _, ...standard } = config(kind)
    type Case = readonly [ChannelConfig, Environment, string]
    const own: Partial<Record<ChannelKind, Case>> = {
      pagerduty: [standard, { KEY: 'Xq9' }, 'the environment variable KEY holds no integration key'],
      webhook: [
        config(kind),
        { URL: 'https://example.org', SECRET: 'whsec_*Xq9*' },
        'SECRET has something else than base64 after whsec_',
      ],
    }
    const cases: Case[] = [
      [config(kind), { KEY: key, SECRET: 'abc' }, 'the environment variable URL is not set'],
      [config(kind), { KEY: key, SECRET: 'abc', URL: 'Xq9' }, 'the environment variable URL holds no URL'],
      [
        config(kind),
        { KEY: key, SECRET: 'abc', URL: 'ftp://Xq9.example.org' },
        'the URL in the environment variable URL must begin with https://',
      ],
      ...[own[kind]].filter((one) => one !== undefined),
    ]
    for (const [one, env, said] of cases) {
      const opened = await open(one, env)
      expect('error' in opened ? opened.error : '').toContain(said)
      expect(JSON.stringify(opened)).not.toContain('Xq9')
    }
  })
})

test('a mail server is logged in to, and sent no mail', async () => {
  const said: string[] = []
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    logger: false,
    onAuth({ username, password }, _session, done) {
      said.push('login')
      if (password === 'right') return done(null, { user: username })
      done(Object.assign(new Error(`no: ${password}`), { responseCode: 535 }))
    },
    onMailFrom(_address, _session, done) {
      said.push('mail')
      done()
    },
    onClose: () => void said.push('left'),
  })
  smtp.on('error', () => undefined)
  await new Promise<void>((ready) => smtp.listen(0, '127.0.0.1', ready))
  onTestFinished(() => new Promise<void>((closed) => smtp.close(closed)))
  const { port } = smtp.server.address() as AddressInfo
  const env = (password: string): Environment => ({
    LLMCOST_SMTP: `smtp://127.0.0.1:${port}`,
    LLMCOST_SMTP_USER: 'reporter',
    LLMCOST_SMTP_PASSWORD: password,
  })
  expect(await probed(config('mail'), env('right'))).toEqual({ ok: true })
  await expect.poll(() => said).toEqual(['login', 'left'])
  const wrong = await probed(config('mail'), env('not right'))
  expect(wrong).toMatchObject({ ok: false, error: expect.stringContaining('refused user or password') })
  expect(JSON.stringify(wrong)).not.toContain('not right')
  expect(said).not.toContain('mail')
  const greeting = await closedPort()
  const gone = await probed(config('mail'), { LLMCOST_SMTP: `smtp://127.0.0.1:${greeting}` })
  expect(gone).toMatchObject({ error: 'refused the connection' })
})
