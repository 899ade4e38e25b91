/**
 * What a process that ends takes away with it: temporary files, and exports that were not whole yet. A signal
 * that ends the process would leave them, and they may be as large as all that was read.
 */
import { rmSync } from 'node:fs'

interface Leftover {
  readonly path: string
  /** Ends what writes into it. */
  readonly stop: (() => void) | undefined
}

const leftovers = new Set<Leftover>()

/** Signals by which a person, a scheduler or a closing terminal ends a process. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
type Signal = (typeof signals)[number]

let watching = false
let dyingOf: Signal | undefined

/**
 * Removes a file or folder when the process ends, by itself or by a signal that can be caught.
 * @param stop ends what writes a folder: while that goes on, no removal is the last. The process outlives a
 * signal until the writer has called what this returns, or a second signal comes
 * @returns to be called when it is gone, or has become what was asked for
 */
export function removeAtEnd(path: string, stop?: () => void): () => void {
  heedSignals()
  const leftover = { path, stop }
  leftovers.add(leftover)
  return () => {
    leftovers.delete(leftover)
    if (dyingOf !== undefined && !isWritten()) die(dyingOf)
  }
}

const isWritten = (): boolean => [...leftovers].some(({ stop }) => stop !== undefined)

/** To be called before what is to be removed is made: a signal may come in between. */
export function heedSignals(): void {
  if (watching) return
  watching = true
  process.once('exit', removeAll)
  for (const signal of signals) process.on(signal, end)
}

function end(signal: Signal): void {
  // Another part of the program ends it in good order, which removes them too.
  if (process.listenerCount(signal) > 1) return
  if (dyingOf !== undefined || !isWritten()) return die(signal)
  dyingOf = signal
  const stopAll = (): void => leftovers.forEach(({ stop }) => stop?.())
  stopAll()
  // A writer that was about to begin has not heard it.
  setInterval(stopAll, 20)
}

function die(signal: Signal): void {
  removeAll()
  process.removeListener(signal, end)
  // Who waits for this process is to see the signal.
  process.kill(process.pid, signal)
}

function removeAll(): void {
  for (const { path } of leftovers) {
    // Of what another process holds, the next run removes what is left.
    try {
      // What still writes may put a file into a folder that is just being emptied.
      rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 10 })
    } catch {}
  }
}

/** True while the process that wrote something runs: what it left is no leftover then. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
