/** OpenSMTPD, as a mail server of its own on a free port, and what arrives in its maildir. */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import PostalMime, { type Email } from 'postal-mime'
import { freePort } from './free-port.js'

export interface MailServer {
  readonly port: number
  /** What has arrived, once so many are there. */
  readonly arrived: (count: number) => Promise<Email[]>
  /** What is there now. */
  readonly mails: () => Promise<Email[]>
  /** Empties the maildir. */
  readonly clear: () => void
  readonly stop: () => Promise<void>
}

/**
 * Takes mail for example.org and example.com, by SMTP and from the `sendmail` of its package.
 * @param folder an absolute path; its config file and the maildir are put there
 */
export async function startMailServer(folder: string): Promise<MailServer> {
  const maildir = join(folder, 'mail')
  const port = await freePort()
  // It delivers as an ordinary user, who must get there.
  chmodSync(folder, 0o755)
  mkdirSync(maildir)
  chmodSync(maildir, 0o777)
  const config = [
    `listen on 127.0.0.1 port ${port}`,
    'table everyone { "@" = nobody }',
    `action keep maildir "${maildir}" virtual <everyone>`,
    'match from any for rcpt-to regex ".*@example\\.(org|com)" action keep',
  ]
  const file = join(folder, 'smtpd.conf')
  writeFileSync(file, `${config.join('\n')}\n`)
  const smtpd = spawn('smtpd', ['-d', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  for (const stream of [smtpd.stdout, smtpd.stderr])
    stream.on('data', (chunk: Buffer) => (log += chunk.toString()))
  for (let tries = 0; !log.includes('starting'); tries++) {
    if (tries > 100 || smtpd.exitCode !== null) throw new Error(`smtpd did not start: ${log}`)
    await new Promise((done) => setTimeout(done, 100))
  }

  const names = (): string[] => {
    try {
      return readdirSync(join(maildir, 'new')).map((name) => join(maildir, 'new', name))
    } catch {
      return [] // Made with the first mail.
    }
  }
  const mails = (): Promise<Email[]> =>
    Promise.all(names().map((name) => PostalMime.parse(readFileSync(name))))
  return {
    port,
    mails,
    arrived: async (count) => {
      for (let tries = 0; tries < 150; tries++) {
        if (names().length >= count) return mails()
        await new Promise((done) => setTimeout(done, 100))
      }
      throw new Error(`${names().length} of ${count} mails arrived\n${log}`)
    },
    clear: () => {
      for (const name of ['new', 'cur', 'tmp']) rmSync(join(maildir, name), { recursive: true, force: true })
    },
    stop: async () => {
      const ended = new Promise((done) => smtpd.on('close', done))
      smtpd.kill()
      await ended
    },
  }
}
