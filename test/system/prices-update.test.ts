/** `llmcost prices update` over HTTPS: a certificate that is trusted, one that is not, and a way out of HTTPS. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { run, sharedFolder, type Ran } from '../e2e/program.js'
import { makeCertificate } from './tls-server.js'

const cwd = sharedFolder()
const list = {
  openai: { id: 'openai', models: { 'gpt-9-mini': { id: 'gpt-9-mini', cost: { input: 0.5, output: 4 } } } },
}

beforeAll(() => makeCertificate(cwd))

async function serving(listener: RequestListener): Promise<string> {
  const pair = { key: readFileSync(join(cwd, 'key.pem')), cert: readFileSync(join(cwd, 'cert.pem')) }
  const server = createServer(pair, listener)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  return `https://localhost:${(server.address() as AddressInfo).port}/api.json`
}

const update = (url: string, trusted: boolean): Promise<Ran> =>
  run(['prices', 'update', url, '--json'], {
    cwd,
    env: trusted ? { NODE_EXTRA_CA_CERTS: join(cwd, 'cert.pem') } : {},
  })

test('a trusted server', async () => {
  const url = await serving((_, response) => void response.end(JSON.stringify(list)))
  const { code, stdout } = await update(url, true)
  expect(code).toBe(0)
  expect(stdout).toContain('gpt-9-mini')
})

test('a certificate that nobody vouches for', async () => {
  writeFileSync(join(cwd, 'asked'), '')
  const url = await serving((_, response) => {
    writeFileSync(join(cwd, 'asked'), 'yes')
    response.end(JSON.stringify(list))
  })
  const { code, stderr } = await update(url, false)
  expect(code).toBe(1)
  expect(stderr).toContain('has a certificate that is not trusted')
  expect(readFileSync(join(cwd, 'asked'), 'utf8')).toBe('')
})

test('a redirect elsewhere, and out of HTTPS', async () => {
  for (const location of ['https://example.org/api.json', 'http://example.org/api.json']) {
    const url = await serving((_, response) => void response.writeHead(302, { location }).end())
    const { code, stderr } = await update(url, true)
    expect(code).toBe(1)
    expect(stderr).toContain('which is not followed')
  }
})
