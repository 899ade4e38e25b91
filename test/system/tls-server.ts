/** A mail server with TLS, a certificate of its own and one user, and a witness of what goes to it in the clear. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export const credentials = { LLMCOST_SMTP_USER: 'reporter', LLMCOST_SMTP_PASSWORD: 'pass word ü' }

export interface TlsServer {
  readonly port: number
  /** Messages that it took. */
  readonly taken: readonly string[]
  readonly close: () => Promise<void>
}

/** cert.pem and key.pem in a folder. */
export function makeCertificate(folder: string): void {
  const made = ['-keyout', 'key.pem', '-out', 'cert.pem', '-subj', '/CN=localhost', '-days', '2', '-nodes']
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1,IP:0.0.0.0,DNS:localhost']
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...made, ...names], {
    cwd: folder,
    stdio: 'ignore',
  })
}

/** @param folder with the certificate */
export async function startTlsServer(folder: string, options: SMTPServerOptions): Promise<TlsServer> {
  const taken: string[] = []
  const smtp = new SMTPServer({
    key: readFileSync(join(folder, 'key.pem')),
    cert: readFileSync(join(folder, 'cert.pem')),
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
    ...options,
  })
  smtp.on('error', () => undefined)
  await new Promise<void>((done) => smtp.listen(0, '127.0.0.1', done))
  return {
    port: (smtp.server.address() as AddressInfo).port,
    taken,
    close: () => new Promise<void>((done) => smtp.close(done)),
  }
}

/** Stands between the program and a server, and keeps all that the program says, byte for byte. */
export async function witness(port: number): Promise<{
  readonly port: number
  /** Each character is a byte. */
  readonly said: () => string
  readonly close: () => void
}> {
  let said = ''
  const between = createServer((client) => {
    const server = connect(port, '127.0.0.1')
    client.on('data', (chunk) => (said += chunk.toString('latin1')))
    client.on('error', () => server.destroy())
    server.on('error', () => client.destroy())
    client.pipe(server).pipe(client)
  })
  await new Promise<void>((done) => between.listen(0, '0.0.0.0', done))
  return {
    port: (between.address() as AddressInfo).port,
    said: () => said,
    close: () => void between.close(),
  }
}
