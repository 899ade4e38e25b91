/** A real Redis on a free port, which can be killed and started again on what it kept. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.js'

export class RedisServer {
  port = 0
  #child: ChildProcess | undefined
  readonly #folder: string
  readonly #options: readonly string[]

  constructor(folder: string, options: readonly string[] = []) {
    this.#folder = folder
    this.#options = options
  }

  async start(): Promise<this> {
    mkdirSync(this.#folder, { recursive: true })
    this.port ||= await freePort()
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--dir', this.#folder]
    this.#child = spawn('redis-server', [...options, ...this.#options], { stdio: 'ignore' })
    for (let tries = 0; tries < 200; tries++) {
      try {
        if (this.cli('PING').trim() === 'PONG') return this
      } catch {
        // Not there yet.
      }
      await sleep(25)
    }
    throw new Error('redis-server does not answer')
  }

  /** Without a chance to write anything. */
  async kill(): Promise<void> {
    const gone = new Promise((done) => this.#child?.once('exit', done))
    this.#child?.kill('SIGKILL')
    await gone
  }

  /** What it kept is lost. */
  forget(): void {
    rmSync(this.#folder, { recursive: true })
  }

  readonly cli = (...args: string[]): string =>
    execFileSync('redis-cli', ['-p', String(this.port), ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }) // prettier-ignore
}
