/** Logs are written to the end when the process ends: by itself, by an error, by a signal that would end it. */
import type { Calls } from './calls.js'
import type { LogFile } from './log-file.js'

const open = new Map<LogFile, Calls>()

/** Signals that end a process which does not listen to them. */
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

const flushAll = (): void => {
  for (const [log, calls] of open) {
    calls.breakOff()
    log.flushNow()
  }
}

/** Writes what there is, then lets the signal do what it would have done without us. */
const onSignal = (signal: NodeJS.Signals): void => {
  flushAll()
  if (process.listenerCount(signal) > 1) return
  process.removeListener(signal, onSignal)
  process.kill(process.pid, signal)
}

export function writeAtEnd(log: LogFile, calls: Calls): void {
  if (open.size === 0) {
    process.on('exit', flushAll)
    for (const signal of signals) process.on(signal, onSignal)
  }
  open.set(log, calls)
}

/** It is closed: nothing of it is left to be written. */
export function forget(log: LogFile): void {
  open.delete(log)
  if (open.size > 0) return
  process.removeListener('exit', flushAll)
  for (const signal of signals) process.removeListener(signal, onSignal)
}
