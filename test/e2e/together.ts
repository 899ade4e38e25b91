/**
 * Runs of the installed program that share a process of it: for what it answers, not for how it runs. Each has
 * arguments, environment, folder, stdin, stdout, stderr and exit code of its own, as in a process of its own.
 * Processes, signals, locks that live as long as they, terminals, pipes and temporary folders need a real one: `run` in
 * program.ts.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import {
  endedWell,
  environmentOf,
  beforeFolderGoes,
  programPath,
  type Ran,
  type RunOptions,
} from './program.js'

const runner = fileURLToPath(new URL('one-process.mjs', import.meta.url))

interface Order {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** In base64. */
  readonly input: string
  readonly looks?: number | undefined
}

/** A process that takes one run after the other. */
class Together {
  readonly #child: ChildProcess
  #last: Promise<unknown> = Promise.resolve()
  /** It takes no more. */
  hasEnded = false

  constructor({ env, cwd }: Order) {
    this.#child = spawn(process.execPath, [runner, programPath()], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    this.#child.once('exit', () => (this.hasEnded = true))
  }

  run(order: Order): Promise<Ran> {
    const ran = this.#last.then(() => this.#run(order))
    this.#last = ran.catch(() => undefined)
    return ran
  }

  #run(order: Order): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error(`llmcost ${order.args.join(' ')} ended its process`))
      this.#child.once('exit', ended)
      this.#child.once('message', (ran) => {
        this.#child.removeListener('exit', ended)
        resolve(ran as Ran)
      })
      this.#child.send(order)
    })
  }

  async end(): Promise<void> {
    if (this.hasEnded) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    if (this.#child.connected) this.#child.disconnect()
    await gone
  }
}

/** What a process asks once, by home and the rest that it keeps: its runs have these in common. */
const kept = ['HOME', 'TMPDIR', 'NODE_OPTIONS', 'TZ'] as const
const open = new Map<string, Together>()

beforeFolderGoes(async (folder) => {
  for (const [key, together] of open) {
    const [home = ''] = JSON.parse(key) as string[]
    if (home !== folder && !home.startsWith(`${folder}/`)) continue
    open.delete(key)
    await together.end()
  }
})

/**
 * Runs the program to its end, in a process that ran it before for the same home.
 * @param looks runs with the same number ask the same and differ in format, width and colour: what was asked once is
 * not asked again
 */
export function runWarm(args: readonly string[], options: RunOptions, looks?: number): Promise<Ran> {
  const { cwd, input = '' } = options
  const env = environmentOf(options)
  const order = { args, env, cwd, input: Buffer.from(input).toString('base64'), looks }
  const key = JSON.stringify(kept.map((name) => env[name] ?? ''))
  let together = open.get(key)
  if (together === undefined || together.hasEnded) open.set(key, (together = new Together(order)))
  return together.run(order)
}

/** Runs the program as `runWarm` does, and expects it to end well. */
export async function runWarmWell(args: readonly string[], options: RunOptions): Promise<string> {
  return endedWell(args, await runWarm(args, options))
}
