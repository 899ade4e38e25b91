/** Several runs of the installed program in one process of it: for what it answers, not for how it runs. */
import { spawn } from 'node:child_process'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { environmentOf, pinnedEnv, programPath, type Ran, type RunOptions } from './program.js'

export interface OneRun {
  readonly args: readonly string[]
  readonly env?: RunOptions['env'] | undefined
}

const runner = fileURLToPath(new URL('one-process.mjs', import.meta.url))

/**
 * Runs in turn what asks and writes nothing but its answer. Each has arguments, environment, stdout, stderr and exit
 * code of its own, as in a process of its own. Processes, signals, locks, terminals, files and stdin need a real one:
 * `run` in program.ts.
 * @param looks the runs ask the same and differ in format, width and colour: what was asked once is not asked again
 */
export async function runTogether(
  runs: readonly OneRun[],
  { cwd, looks = false }: { readonly cwd: string; readonly looks?: boolean },
): Promise<readonly Ran[]> {
  const child = spawn(process.execPath, [runner], {
    cwd,
    env: pinnedEnv(cwd),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const order = {
    program: programPath(),
    asksOnce: looks,
    runs: runs.map(({ args, env }) => ({ args, env: environmentOf({ cwd, env }) })),
  }
  child.stdin.end(JSON.stringify(order))
  return (await json(child.stdout)) as readonly Ran[]
}
