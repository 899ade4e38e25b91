/** The calls that are under way, each of which becomes one record, whatever becomes of it. */
import type { CallRecord } from './record.js'

/** Makes a record; it is called when the record is written, so that no call waits for it. */
export interface Made {
  readonly record: () => CallRecord
  /** What is held in memory for it until then, bytes; nothing said: a little. */
  readonly bytes?: number
}

/** Tells of a call that has ended. */
type Ended = (failure: unknown, ms: number) => Made

/** @param failure why it did not end well; undefined where it did */
export type End = (failure?: unknown) => void

export const msSince = (started: number): number => Math.round((performance.now() - started) * 1000) / 1000

export class Calls {
  readonly #keep: (made: Made) => void
  readonly #open = new Set<End>()
  /** Ends calls whose answer nobody will read any more. */
  readonly #forgotten = new FinalizationRegistry<() => void>((end) => end())

  constructor(keep: (made: Made) => void) {
    this.#keep = keep
  }

  /**
   * A call begins.
   * @param signal breaks it off
   * @returns what ends it; a second time does nothing
   */
  begin(ended: Ended, signal?: AbortSignal): End {
    const started = performance.now()
    const end: End = (failure) => {
      if (!this.#open.delete(end)) return
      signal?.removeEventListener('abort', onAbort)
      this.#keep(ended(failure, msSince(started)))
    }
    const onAbort = (): void => end(signal?.reason)
    this.#open.add(end)
    signal?.addEventListener('abort', onAbort, { once: true })
    return end
  }

  /** Where nobody reads an answer, the call took until it was there. */
  endWhenForgotten(answer: object, end: End): void {
    this.#forgotten.register(answer, end)
  }

  /** The process ends: what is under way is broken off. */
  breakOff(): void {
    for (const end of this.#open) end(new DOMException('the process ended', 'AbortError'))
  }

  /** A call that somebody tells of. */
  add(record: () => CallRecord): void {
    this.#keep({ record })
  }
}
