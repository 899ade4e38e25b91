/** Mail by servers with TLS, by smtps:// and by STARTTLS: certificates, passwords, and what goes in the clear. */
import { join } from 'node:path'
import PostalMime from 'postal-mime'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { run, sharedFolder } from '../e2e/program.js'
import { expectDemoReport, ingestDemo, question } from './demo-report.js'
import { credentials, makeCertificate, startTlsServer, witness, type TlsServer } from './tls-server.js'

const cwd = sharedFolder()
const vouched = { NODE_EXTRA_CA_CERTS: join(cwd, 'cert.pem') }

const sendTo = (url: string, env: Record<string, string>): ReturnType<typeof run> =>
  run(['send', '--to', 'ann@example.org', '--smtp', url, ...question], { cwd, env })

beforeAll(async () => {
  await ingestDemo(cwd)
  makeCertificate(cwd)
})

describe('smtps://', () => {
  let smtp: TlsServer

  beforeAll(async () => {
    smtp = await startTlsServer(cwd, { secure: true })
  })

  afterAll(() => smtp.close())

  const send = (env: Record<string, string>): ReturnType<typeof run> =>
    sendTo(`smtps://127.0.0.1:${smtp.port}`, env)

  test('a certificate that the user vouches for, and the right password', async () => {
    const ran = await send({ ...credentials, ...vouched })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expectDemoReport(await PostalMime.parse(smtp.taken[0] ?? ''), 'ann@example.org')
  })

  test('no other certificate', async () => {
    const before = smtp.taken.length
    const ran = await send(credentials)
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain('has a certificate that is not trusted')
    expect(smtp.taken).toHaveLength(before)
  })

  test('doctor --live tells a right set-up from a wrong one, and sends no mail', async () => {
    const before = smtp.taken.length
    const doctor = (env: Record<string, string>): ReturnType<typeof run> => {
      const LLMCOST_SMTP = `smtps://127.0.0.1:${smtp.port}`
      const all = { LLMCOST_SMTP, LLMCOST_DEBUG: '1', COLUMNS: '160', ...credentials, ...env }
      return run(['doctor', '--live', '--db', 'costs.duckdb'], { cwd, env: all })
    }
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
    expect(smtp.taken).toHaveLength(before)
  })

  test('a wrong password is said, and not repeated', async () => {
    const before = smtp.taken.length
    const wrong = { ...credentials, LLMCOST_SMTP_PASSWORD: 'not the right one', LLMCOST_DEBUG: '1' }
    const ran = await send({ ...wrong, ...vouched })
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain('refused user or password')
    expect(ran.stderr + ran.stdout).not.toContain('not the right one')
    expect(smtp.taken).toHaveLength(before)
  })
})

describe('smtp:// with STARTTLS', () => {
  /** 0.0.0.0 is this machine, but no name of it for which TLS might be left out. */
  async function world(options: object): Promise<{ smtp: TlsServer; url: string; said: () => string }> {
    const smtp = await startTlsServer(cwd, { secure: false, ...options })
    const between = await witness(smtp.port)
    onTestFinished(async () => {
      between.close()
      await smtp.close()
    })
    return { smtp, url: `smtp://0.0.0.0:${between.port}`, said: between.said }
  }

  /** Nothing but the greeting, STARTTLS and then TLS: its first byte is that of a handshake. */
  function expectOnlyTls(said: string): void {
    expect(said).toMatch(/^EHLO \S+\r\nSTARTTLS\r\n\u0016\u0003/)
    const { LLMCOST_SMTP_USER: user, LLMCOST_SMTP_PASSWORD: password } = credentials
    for (const secret of [user, password, `\0${user}\0${password}`]) {
      expect(said).not.toContain(secret)
      expect(said).not.toContain(Buffer.from(secret).toString('base64'))
    }
    expect(said).not.toMatch(/AUTH|MAIL FROM|ann@example/)
  }

  test('a certificate that the user vouches for: the mail and the password go by TLS alone', async () => {
    const { smtp, url, said } = await world({ authOptional: false })
    const ran = await sendTo(url, { ...credentials, ...vouched })
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expectDemoReport(await PostalMime.parse(smtp.taken[0] ?? ''), 'ann@example.org')
    expectOnlyTls(said())
  })

  test('no other certificate, and no password to such a server', async () => {
    const { smtp, url, said } = await world({ authOptional: false })
    const ran = await sendTo(url, credentials)
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain('has a certificate that is not trusted')
    expectOnlyTls(said())
    expect(smtp.taken).toEqual([])
  })

  test.each([
    ['without STARTTLS', {}],
    ['without STARTTLS that would take a password all the same', { allowInsecureAuth: true }],
  ])('a server %s: what is missing is said, and nothing is sent', async (_, options) => {
    const { smtp, url, said } = await world({ disabledCommands: ['STARTTLS'], ...options })
    const ran = await sendTo(url, { ...credentials, ...vouched })
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain(
      'offers no TLS that can be trusted: smtp:// needs STARTTLS, unless ?tls=no is added',
    )
    expect(said()).toMatch(/^EHLO \S+\r\nSTARTTLS\r\n(?:QUIT\r\n)?$/)
    expect(smtp.taken).toEqual([])
  })

  test('?tls=no sends without, but no password', async () => {
    const { smtp, url, said } = await world({ disabledCommands: ['STARTTLS'], authOptional: true })
    expect(await sendTo(`${url}?tls=no`, {})).toMatchObject({ code: 0, stderr: '' })
    expectDemoReport(await PostalMime.parse(smtp.taken[0] ?? ''), 'ann@example.org')
    const before = said()
    const ran = await sendTo(`${url}?tls=no`, credentials)
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain('the password would go over the network in the clear')
    expect(said()).toBe(before)
  })
})
