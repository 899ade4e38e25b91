/**
 * Mail by real servers: OpenSMTPD takes what `send`, `report --format email` and alerts hand to it, and the
 * messages are read back from its maildir; TLS and passwords are tried against a server with a certificate of
 * its own, made by openssl.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { run, runWell, sharedFolder } from '../e2e/program.js'
import { startMailServer, type MailServer } from './smtpd.js'

const cwd = sharedFolder()
let smtpd: MailServer

beforeAll(async () => {
  cpSync(fileURLToPath(new URL('../../fixtures/demo', import.meta.url)), join(cwd, 'logs'), {
    recursive: true,
  })
  await runWell(['ingest', 'logs', '--db', 'costs.duckdb'], { cwd })
  smtpd = await startMailServer(cwd)
})

afterAll(() => smtpd.stop())

const server = (): string => `smtp://127.0.0.1:${smtpd.port}`

beforeEach(() => smtpd.clear())

const question = ['--db', 'costs.duckdb', '--as-of', '2026-09-28T09:00Z', '--sections', 'summary,features']

/** The report is in it as text and as HTML, and nothing was lost on the way. */
function expectReport(mail: Email | undefined, to: string): void {
  expect(mail?.subject).toMatch(/^LLM cost report, 2026-09-\d\d – 2026-09-\d\d \(7 days, UTC\)$/)
  expect(mail?.to?.map(({ address }) => address)).toEqual([to])
  expect(mail?.text).toContain('document-analysis')
  expect(mail?.text?.split('\n').filter((line) => line.trimEnd().length > 78)).toEqual([])
  expect(mail?.html).toContain('document-analysis')
}

test('send hands the report to the server', async () => {
  const said = await runWell(['send', '--to', 'Ann Ä <ann@example.org>', '--smtp', server(), ...question], {
    cwd,
  })
  expect(said).toContain(`sent to ann@example.org by 127.0.0.1:${smtpd.port}`)
  const [mail] = await smtpd.arrived(1)
  expectReport(mail, 'ann@example.org')
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
  expectReport(mail, 'ann@example.org')
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

describe('TLS and passwords', () => {
  const credentials = { LLMCOST_SMTP_USER: 'reporter', LLMCOST_SMTP_PASSWORD: 'pass word ü' }
  const taken: string[] = []
  let secure = 0
  let smtp: SMTPServer

  beforeAll(async () => {
    const made = ['-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=localhost', '-days', '2', '-nodes']
    const names = ['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...made, ...names], {
      cwd,
      stdio: 'ignore',
    })
    smtp = new SMTPServer({
      secure: true,
      key: readFileSync(join(cwd, 'key.pem')),
      cert: readFileSync(join(cwd, 'cert.pem')),
      onAuth({ username, password }, _session, done) {
        const right = username === 'reporter' && password === credentials.LLMCOST_SMTP_PASSWORD
        if (right) return done(null, { user: username })
        done(Object.assign(new Error(`wrong: ${password}`), { responseCode: 535 }))
      },
      onData(stream, _session, done) {
        let text = ''
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
        stream.on('end', () => {
          taken.push(text)
          done()
        })
      },
    })
    smtp.on('error', () => undefined)
    await new Promise<void>((done) => smtp.listen(0, '127.0.0.1', done))
    secure = (smtp.server.address() as AddressInfo).port
  })

  afterAll(() => new Promise<void>((done) => smtp.close(done)))

  const send = (env: Record<string, string>): ReturnType<typeof run> =>
    run(['send', '--to', 'ann@example.org', '--smtp', `smtps://127.0.0.1:${secure}`, ...question], {
      cwd,
      env,
    })

  test('a certificate that the user vouches for, and the right password', async () => {
    const ran = await send({ ...credentials, NODE_EXTRA_CA_CERTS: join(cwd, 'cert.pem') })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expectReport(await PostalMime.parse(taken[0] ?? ''), 'ann@example.org')
  })

  test('no other certificate', async () => {
    const before = taken.length
    const ran = await send(credentials)
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain('has a certificate that is not trusted')
    expect(taken).toHaveLength(before)
  })

  test('doctor --live tells a right set-up from a wrong one, and sends no mail', async () => {
    const before = taken.length
    const doctor = (env: Record<string, string>): ReturnType<typeof run> => {
      const LLMCOST_SMTP = `smtps://127.0.0.1:${secure}`
      const all = { LLMCOST_SMTP, LLMCOST_DEBUG: '1', COLUMNS: '160', ...credentials, ...env }
      return run(['doctor', '--live', '--db', 'costs.duckdb'], { cwd, env: all })
    }
    const vouched = { NODE_EXTRA_CA_CERTS: join(cwd, 'cert.pem') }
    const right = await doctor(vouched)
    expect(right.code).toBe(0)
    expect(right.stdout).toContain('let llmcost in (TLS, password taken); no mail was sent')
    const untrusted = await doctor({})
    expect(untrusted.code).toBe(1)
    expect(untrusted.stdout).toContain('has a certificate that is not trusted')
    const wrong = await doctor({ ...vouched, LLMCOST_SMTP_PASSWORD: 'not the right one' })
    expect(wrong.code).toBe(1)
    expect(wrong.stdout).toContain('refused user or password')
    expect(wrong.stdout + wrong.stderr).not.toContain('not the right one')
    expect(taken).toHaveLength(before)
  })

  test('a wrong password is said, and not repeated', async () => {
    const before = taken.length
    const wrong = { ...credentials, LLMCOST_SMTP_PASSWORD: 'not the right one', LLMCOST_DEBUG: '1' }
    const ran = await send({ ...wrong, NODE_EXTRA_CA_CERTS: join(cwd, 'cert.pem') })
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain('refused user or password')
    expect(ran.stderr + ran.stdout).not.toContain('not the right one')
    expect(taken).toHaveLength(before)
  })
})
