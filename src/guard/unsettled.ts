/**
 * What calls cost that the store could not be told: tried again until it takes them. A settlement has an id, so that
 * one which was taken, though nobody heard of it, is not taken twice.
 */
import { settledMs, type Settlement } from '../domain/budgets/reservations.js'

interface Waiting {
  readonly settlement: Settlement
  readonly at: number | undefined
  /** When it began to wait, ms of this process's clock. */
  readonly since: number
}

/** More than that are lost, and counted. */
const mostWaiting = 10_000
/** The store remembers for an hour whom it has settled. */
const longestMs = settledMs - 5 * 60_000
const everyMs = 1000

export class Unsettled {
  readonly #send: (settlement: Settlement, at: number | undefined) => Promise<unknown>
  readonly #onLost: (calls: number) => void
  readonly #waiting: Waiting[] = []
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<void> | undefined

  /** @param send fails where the store does not answer in time */
  constructor(
    send: (settlement: Settlement, at: number | undefined) => Promise<unknown>,
    onLost: (calls: number) => void,
  ) {
    this.#send = send
    this.#onLost = onLost
  }

  get size(): number {
    return this.#waiting.length
  }

  add(settlement: Settlement, at: number | undefined): void {
    this.#waiting.push({ settlement, at, since: Date.now() })
    this.#drop()
    this.#timer ??= setInterval(() => void this.send(), everyMs).unref()
  }

  /** Sends what waits, one after the other, until the store fails again. */
  send(): Promise<void> {
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = undefined))
    return this.#sending
  }

  async #sendAll(): Promise<void> {
    this.#drop()
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      try {
        await this.#send(first.settlement, first.at)
      } catch {
        return
      }
      const sent = this.#waiting.indexOf(first)
      if (sent >= 0) this.#waiting.splice(sent, 1)
    }
    this.stop()
  }

  #drop(): void {
    const oldest = Date.now() - longestMs
    const aged = this.#waiting.filter(({ since }) => since < oldest).length
    const lost = Math.max(aged, this.#waiting.length - mostWaiting)
    if (lost <= 0) return
    this.#waiting.splice(0, lost)
    this.#onLost(lost)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
