/** Mail servers that take, refuse, hang and close at every point: what arrives, how often, and what is said. */
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import PostalMime from 'postal-mime'
import { describe, expect, onTestFinished, test } from 'vitest'
import { composed, messageIdOf, type Mail } from '../../../src/delivery/compose.js'
import type { Limits } from '../../../src/delivery/limits.js'
import { Secrets } from '../../../src/delivery/secrets.js'
import { sendMail } from '../../../src/delivery/smtp.js'
import { smtpServer, type SmtpServer } from '../../../src/delivery/smtp-server.js'
import { closedPort } from './receiver.js'

const mailbox = (address: string, name = ''): { name: string; address: string } => ({ name, address })
const draft: Omit<Mail, 'messageId'> = {
  from: mailbox('llmcost@example.org'),
  to: [mailbox('ann@example.org', 'Ann Ä'), mailbox('ben@example.org')],
  cc: [mailbox('cc@example.org')],
  subject: 'Kosten – 5 €\u{1f4c8}',
  text: 'Grüße\n.\nFrom here\n..dots\n',
  html: '<p>Grüße</p><img src="cid:chart">',
  attachments: [
    { filename: 'c.png', contentType: 'image/png', content: new Uint8Array([1, 2, 3]), cid: 'chart' },
  ],
  date: new Date('2026-10-05T08:00:00Z'),
}
const mail: Mail = { ...draft, messageId: messageIdOf(draft) }

/** Patient with servers that do answer, hasty with those that hang. */
const limits = (attemptMs = 20_000): Limits => ({
  attempts: 3,
  attemptMs,
  deadline: Date.now() + 50_000,
  pauseMs: 5,
})
/** Long enough for all commands before the one that hangs. */
const hasty = 2000
const plain = (port: number, more: Partial<SmtpServer> = {}): SmtpServer => ({
  host: '127.0.0.1',
  port,
  tls: 'none',
  auth: undefined,
  ...more,
})

async function send(
  server: SmtpServer,
  secrets = new Secrets({}),
  attemptMs?: number,
): ReturnType<typeof sendMail> {
  return sendMail({ server, mail, source: await composed(mail), limits: limits(attemptMs), secrets })
}

const sendHastily = (server: SmtpServer): ReturnType<typeof sendMail> => send(server, new Secrets({}), hasty)

interface Taken {
  readonly messages: string[]
  readonly recipients: string[][]
  connections: number
  port: number
}

/** Takes mails as the options say; what was taken is in the answer. */
async function server(
  options: SMTPServerOptions = {},
  answer: (nth: number) => Error | undefined = () => undefined,
): Promise<Taken> {
  const taken: Taken = { messages: [], recipients: [], connections: 0, port: 0 }
  let nth = 0
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onConnect(_session, done) {
      taken.connections++
      done()
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const error = answer(++nth)
        if (error === undefined) {
          taken.messages.push(Buffer.concat(chunks).toString('utf8'))
          taken.recipients.push(session.envelope.rcptTo.map(({ address }) => address))
        }
        done(error)
      })
    },
    ...options,
  })
  smtp.on('error', () => undefined)
  await new Promise<void>((ready) => smtp.listen(0, '127.0.0.1', ready))
  onTestFinished(() => new Promise<void>((closed) => smtp.close(closed)))
  taken.port = (smtp.server.address() as AddressInfo).port
  return taken
}

const refusal = (code: number, text: string): Error => Object.assign(new Error(text), { responseCode: code })

/** A server by hand: says what `script` answers to each line; an answer that is undefined hangs. */
async function scripted(
  greeting: string | undefined,
  script: (line: string, socket: Socket) => string | undefined,
): Promise<{ port: number; lines: string[] }> {
  const lines: string[] = []
  const tcp = createServer((socket) => {
    socket.on('error', () => undefined)
    if (greeting !== undefined) socket.write(`${greeting}\r\n`)
    let rest = ''
    socket.on('data', (chunk) => {
      const parts = (rest + chunk.toString('latin1')).split('\r\n')
      rest = parts.pop() ?? ''
      for (const line of parts) {
        lines.push(line)
        const said = script(line, socket)
        if (said !== undefined && said !== '') socket.write(`${said}\r\n`)
      }
    })
    onTestFinished(() => void socket.destroy())
  })
  await new Promise<void>((ready) => tcp.listen(0, '127.0.0.1', ready))
  onTestFinished(() => void tcp.close())
  return { port: (tcp.address() as AddressInfo).port, lines }
}

/** What a server says up to the content; the content has no answer. */
const polite = (line: string): string => {
  if (line.startsWith('EHLO')) return '250 here'
  if (line === 'STARTTLS') return '502 not here'
  if (/^(MAIL|RCPT)/.test(line)) return '250 ok'
  return line === 'DATA' ? '354 go on' : ''
}

test('a mail arrives as it was, at every recipient', async () => {
  const taken = await server()
  expect(await send(plain(taken.port))).toEqual({ ok: true })
  expect(taken.recipients).toEqual([['ann@example.org', 'ben@example.org', 'cc@example.org']])
  const parsed = await PostalMime.parse(taken.messages[0]!)
  expect(parsed.subject).toBe(draft.subject)
  expect(parsed.from).toMatchObject({ address: 'llmcost@example.org' })
  expect(parsed.to).toMatchObject([
    { address: 'ann@example.org', name: 'Ann Ä' },
    { address: 'ben@example.org' },
  ])
  expect(parsed.cc).toMatchObject([{ address: 'cc@example.org' }])
  expect(parsed.text?.replaceAll('\r\n', '\n').trimEnd()).toBe(draft.text.trimEnd())
  expect(parsed.html).toContain('<p>Grüße</p>')
  expect(parsed.attachments).toMatchObject([{ mimeType: 'image/png', contentId: '<chart>' }])
  expect(parsed.messageId).toBe(mail.messageId)
  expect(parsed.date).toBe('2026-10-05T08:00:00.000Z')
  // SMTP and mailboxes know no bare LF and no line of more than 998 signs.
  expect(taken.messages[0]!.split('\r\n').every((line) => line.length <= 998 && !line.includes('\n'))).toBe(
    true,
  )
})

test('the same mail has the same Message-ID, another has another', () => {
  expect(messageIdOf({ ...draft })).toBe(mail.messageId)
  expect(messageIdOf({ ...draft, text: 'other' })).not.toBe(mail.messageId)
  expect(mail.messageId).toMatch(/^<[\w-]+@example\.org>$/)
})

describe('tried again, while the server cannot have taken it', () => {
  test('after a refusal for now, of a recipient or of the content', async () => {
    let first = true
    const busy = await server({
      onRcptTo(_address, _session, done) {
        done(first ? refusal(451, 'try later') : undefined)
      },
      onMailFrom(_address, _session, done) {
        first = busy.connections === 1
        done()
      },
    })
    expect(await send(plain(busy.port))).toEqual({ ok: true })
    expect(busy.connections).toBe(2)
    const full = await server({}, (nth) => (nth < 3 ? refusal(452, 'disk full') : undefined))
    expect(await send(plain(full.port))).toEqual({ ok: true })
    expect(full.messages).toHaveLength(1)
    expect((await PostalMime.parse(full.messages[0]!)).messageId).toBe(mail.messageId)
  })

  test('when nobody is there, nobody greets, or it closes before the content', async () => {
    expect(await send(plain(await closedPort()))).toMatchObject({
      ok: false,
      error: 'refused the connection (tried 3 times)',
      doubtful: false,
    })
    const silent = await scripted(undefined, () => undefined)
    expect(await sendHastily(plain(silent.port))).toMatchObject({ ok: false, doubtful: false })
    const closing = await scripted('220 here', (line, socket) => {
      if (line.startsWith('MAIL')) socket.destroy()
      return polite(line)
    })
    expect(await send(plain(closing.port))).toMatchObject({ ok: false, doubtful: false })
    expect(closing.lines.filter((line) => line.startsWith('MAIL'))).toHaveLength(3)
  })
})

describe('not tried again', () => {
  test.each([
    ['hangs', (): string => ''],
    ['closes the connection', (socket: Socket): string => (socket.destroy(), '')],
  ])('when it %s after the content: it may have taken it', async (_, end) => {
    const { port, lines } = await scripted('220 here', (line, socket) =>
      line === '.' ? end(socket) : polite(line),
    )
    const result = await sendHastily(plain(port))
    expect(result).toMatchObject({ ok: false, doubtful: true })
    expect(lines.filter((line) => line === 'DATA')).toHaveLength(1)
  })

  test('when it closes in the middle of the content', async () => {
    const { port, lines } = await scripted('220 here', (line, socket) => {
      if (line.startsWith('Subject:')) socket.destroy()
      return polite(line)
    })
    expect(await send(plain(port))).toMatchObject({ ok: false, doubtful: true })
    expect(lines.filter((line) => line === 'DATA')).toHaveLength(1)
  })

  test('after a plain refusal, of sender, recipients or content', async () => {
    const nobody = await server({
      onRcptTo: (_address, _session, done) => done(refusal(550, 'no such user')),
    })
    expect(await send(plain(nobody.port))).toMatchObject({
      ok: false,
      error: expect.stringContaining('550 no such user') as string,
      doubtful: false,
    })
    expect(nobody.connections).toBe(1)
    const spam = await server({}, () => refusal(554, 'spam'))
    expect(await send(plain(spam.port))).toMatchObject({ ok: false, doubtful: false, refused: true })
    expect(spam.connections).toBe(1)
  })

  test('when some recipients are refused: the others have it', async () => {
    const taken = await server({
      onRcptTo: ({ address }, _session, done) =>
        done(address === 'ben@example.org' ? refusal(550, 'no such user') : undefined),
    })
    expect(await send(plain(taken.port))).toEqual({
      ok: true,
      warning: 'took the message, but not for ben@example.org',
    })
    expect(taken.recipients).toEqual([['ann@example.org', 'cc@example.org']])
    expect(taken.connections).toBe(1)
  })

  test('a server that says something now and then does not hold it up for ever', async () => {
    const { port } = await scripted('220 here', (line, socket) => {
      if (line !== '.') return polite(line)
      const timer = setInterval(() => socket.write('250-wait\r\n'), 100)
      socket.on('close', () => clearInterval(timer))
      return ''
    })
    expect(await sendHastily(plain(port))).toMatchObject({ ok: false, doubtful: true })
  })
})

describe('safety', () => {
  test('without STARTTLS nothing is sent where it is required, not even the sender', async () => {
    const { port, lines } = await scripted('220 here', polite)
    const result = await send(plain(port, { tls: 'starttls', auth: { user: 'u', pass: 'secret-password' } }))
    expect(result).toMatchObject({ ok: false, error: expect.stringContaining('offers no TLS') as string })
    expect(lines.every((line) => /^(EHLO|STARTTLS|QUIT)/.test(line))).toBe(true)
    expect(lines.filter((line) => line.startsWith('STARTTLS')).length).toBeLessThanOrEqual(1)
  })

  test('nor under a certificate that nobody vouches for', async () => {
    const taken = await server({ disabledCommands: [] })
    expect(await send(plain(taken.port, { tls: 'starttls' }))).toEqual({
      ok: false,
      error: 'has a certificate that is not trusted (CERT_HAS_EXPIRED)',
      doubtful: false,
      refused: true,
    })
    const secure = await server({ secure: true })
    expect(await send(plain(secure.port, { tls: 'implicit' }))).toMatchObject({ ok: false, doubtful: false })
    expect([...taken.messages, ...secure.messages]).toEqual([])
  })

  test('user and password: taken, or refused without being repeated', async () => {
    const env = { LLMCOST_SMTP_USER: 'reporter', LLMCOST_SMTP_PASSWORD: 'pass word ü 1' }
    const taken = await server({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, done) {
        if (username === 'reporter' && password === env.LLMCOST_SMTP_PASSWORD)
          return done(null, { user: username })
        done(refusal(535, `no ${username} with ${password}`))
      },
    })
    const url = `smtp://127.0.0.1:${taken.port}`
    const secrets = new Secrets(env)
    expect(await send(smtpServer(url, '--smtp', secrets), secrets)).toEqual({ ok: true })
    const wrong = new Secrets({ ...env, LLMCOST_SMTP_PASSWORD: 'another secret' })
    const result = await send(smtpServer(url, '--smtp', wrong), wrong)
    expect(result).toMatchObject({
      ok: false,
      error: expect.stringContaining('refused user or password') as string,
    })
    expect(JSON.stringify(result)).not.toMatch(/another secret|reporter/)
    expect(taken.messages).toHaveLength(1)
  })

  test.each([
    ['smtp://mail.example.org', { port: 587, tls: 'starttls' }],
    ['smtp://mail.example.org:25', { port: 25, tls: 'starttls' }],
    ['smtps://mail.example.org', { port: 465, tls: 'implicit' }],
    ['smtp://mail.example.org?tls=no', { port: 587, tls: 'none' }],
    ['smtp://localhost', { host: 'localhost', port: 25, tls: 'none' }],
    ['smtp://[::1]:2525', { host: '::1', port: 2525, tls: 'none' }],
    ['smtps://127.0.0.1', { port: 465, tls: 'implicit' }],
    ['smtp://127.0.0.1.example.org', { tls: 'starttls' }],
  ])('%s', (url, expected) => {
    expect(smtpServer(url, '--smtp', new Secrets({}))).toMatchObject(expected)
  })

  test.each([
    ['smtp://user:hunter2secret@mail.example.org', 'holds a user or a password'],
    ['http://mail.example.org', 'must begin with smtp:// or smtps://'],
    ['mail.example.org:25', 'must begin with smtp:// or smtps://'],
    ['smtp://', 'must name a host, and no path'],
    ['smtp://mail.example.org/path', 'must name a host, and no path'],
    ['smtp://mail.example.org?tls=maybe', 'may have ?tls=no, and nothing else'],
    ['smtps://mail.example.org?tls=no', 'asks for TLS and for none'],
    ['', 'holds no URL of a mail server'],
  ])('%s is refused without being repeated', (url, what) => {
    expect(() => smtpServer(url, '--smtp', new Secrets({}))).toThrow(`--smtp ${what}`)
    try {
      smtpServer(url, '--smtp', new Secrets({}))
    } catch (error) {
      expect(String(error)).not.toContain('hunter2secret')
    }
  })

  test('a password never goes over a network in the clear', () => {
    const secrets = new Secrets({ LLMCOST_SMTP_USER: 'u', LLMCOST_SMTP_PASSWORD: 'secret-password' })
    expect(() => smtpServer('smtp://mail.example.org?tls=no', '--smtp', secrets)).toThrow('in the clear')
    expect(() => smtpServer('smtp://localhost', '--smtp', secrets)).not.toThrow()
    const half = new Secrets({ LLMCOST_SMTP_USER: 'u-with-a-name' })
    expect(() => smtpServer('smtp://localhost', '--smtp', half)).toThrow('or with neither')
  })
})
