/** Runs a program in a process of its own and says what it took. */
import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { folder, root } from './folders.js'

export interface Run {
  readonly seconds: number
  /** User and system; NaN where only the time was taken. */
  readonly cpuSeconds: number
  readonly peakMb: number
  readonly stdout: string
}

/** What the hook in `resource-hook.ts` writes. */
interface Resources {
  readonly cpuSeconds: number
  readonly peakMb: number
}

const cli = fileURLToPath(new URL('bin/llmcost.js', root))

/** A module of this folder, compiled. */
export const modulePath = (name: string): string => fileURLToPath(new URL(`${name}.js`, import.meta.url))

/** The program as its users run it. */
export const llmcost = (args: readonly string[], hook?: string): Promise<Run> => node([cli, ...args], hook)

/** A program of this folder. */
export const bare = (name: string, args: readonly string[], hook?: string): Promise<Run> =>
  node([modulePath(name), ...args], hook)

/**
 * Runs Node with `args` until it ends.
 * @param hook module of this folder to load first; `resource-hook` measures CPU and memory and costs
 * some milliseconds, so short runs go without
 */
export async function node(args: readonly string[], hook?: string): Promise<Run> {
  const answer = join(folder, `hook-${process.pid}.json`)
  const hooked = hook === undefined ? [] : ['--import', modulePath(hook)]
  const begin = process.hrtime.bigint()
  const child = spawn(process.execPath, [...hooked, ...args], {
    cwd: folder,
    env: { ...process.env, BENCH_ANSWER: answer, COLUMNS: '120', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9
  // Of rules that fire, 3 is the answer.
  if (code !== 0 && code !== 3) throw new Error(`exit ${code}: node ${args.join(' ')}\n${stderr}`)
  if (hook !== 'resource-hook') return { seconds, cpuSeconds: Number.NaN, peakMb: Number.NaN, stdout }
  const resources = JSON.parse(readFileSync(answer, 'utf8')) as Resources
  rmSync(answer)
  return { seconds, ...resources, stdout }
}
