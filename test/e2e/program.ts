/** Runs the packed and installed program as a user would, in a folder and an environment of its own. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, inject, onTestFinished } from 'vitest'
import { quickFolder } from '../quick-folder.js'

export interface Ran {
  readonly stdout: string
  readonly stderr: string
  /** null when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface RunOptions {
  /** Also HOME, unless `env` says otherwise: the user's own config and database are out of reach. */
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /**
   * Let it find the config file in `cwd` as somebody who just came there does, untrusted. Else that file is
   * named, as cron and CI do.
   */
  readonly finds?: true
  /** What it reads from stdin. */
  readonly input?: string | Uint8Array
}

/** Names the one config file of a folder. */
function namedConfig(cwd: string): Record<string, string> {
  const [file, ...more] = readdirSync(cwd).filter((name) => /^llmcost\.config\.(ya?ml|json)$/.test(name))
  return file === undefined || more.length > 0 ? {} : { LLMCOST_CONFIG: join(cwd, file) }
}

/** The program's bin file. */
export const programPath = (): string => inject('program')

/** The pinned environment of a run. */
export function pinnedEnv(home: string, env: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
    HOME: home,
    TZ: 'UTC',
    COLUMNS: '100',
    ...('FORCE_COLOR' in env ? {} : { NO_COLOR: '1' }),
    ...env,
  }
}

/** The whole environment of a run. */
export const environmentOf = ({ cwd, env, finds }: Omit<RunOptions, 'input'>): Record<string, string> =>
  pinnedEnv(cwd, finds ? env : { ...namedConfig(cwd), ...env })

/**
 * Starts the program; for tests that watch or kill it.
 * @public
 */
export function start(args: readonly string[], options: Omit<RunOptions, 'input'>): ReturnType<typeof spawn> {
  return spawn(process.execPath, [programPath(), ...args], {
    cwd: options.cwd,
    env: environmentOf(options),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

/** Runs the program to its end. */
export function run(args: readonly string[], options: RunOptions): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = start(args, options)
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout!.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr!.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      resolve({
        stdout: Buffer.concat(out).toString('utf8'),
        stderr: Buffer.concat(err).toString('utf8'),
        code,
        signal,
      })
    })
    child.stdin!.on('error', () => undefined) // It may end before it has read everything.
    child.stdin!.end(options.input ?? '')
  })
}

/** Runs the program and expects it to end well. */
export async function runWell(args: readonly string[], options: RunOptions): Promise<string> {
  return endedWell(args, await run(args, options))
}

/** The stdout of a run that should have ended well. */
export function endedWell(args: readonly string[], ran: Ran): string {
  if (ran.code === 0) return ran.stdout
  throw new Error(
    `llmcost ${args.join(' ')} ended with ${ran.code ?? ran.signal}\n${ran.stderr}${ran.stdout}`,
  )
}

/** An empty folder that is gone after the test. */
export function emptyFolder(): string {
  const folder = newFolder()
  onTestFinished(() => remove(folder))
  return folder
}

/** Like `emptyFolder`, for all tests of a file: to be called in a `describe` or at the top. */
export function sharedFolder(): string {
  const folder = newFolder()
  afterAll(() => remove(folder))
  return folder
}

let told: ((folder: string) => Promise<void>) | undefined

/** Calls `tell` before a folder is removed. */
export const beforeFolderGoes = (tell: (folder: string) => Promise<void>): void => void (told = tell)

async function remove(folder: string): Promise<void> {
  await told?.(folder)
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
}

/** Paths of one length on every machine: tables that show them keep their width. */
function newFolder(): string {
  return mkdtempSync(join(quickFolder, 'llmcost-test'.padEnd(40 - quickFolder.length, '-')))
}
