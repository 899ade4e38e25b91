/** How long delivery tries, and how it waits in between. */

export interface Limits {
  /** Attempts at one message in one run. */
  readonly attempts: number
  /** ms for one attempt, from the first byte to the last. */
  readonly attemptMs: number
  /** When nothing more is begun, ms since the epoch. */
  readonly deadline: number
  /** ms of the first pause; each later one is twice as long, half of it by chance. */
  readonly pauseMs: number
}

/** A run gives up after a minute, so that cron's next one finds it gone. */
const totalMs = 60_000
export const standardLimits = (now: number): Limits => ({
  attempts: 4,
  attemptMs: 15_000,
  deadline: now + totalMs,
  pauseMs: 500,
})

/** For a person who waits for the answer: one attempt, and a receiver that is busy is told as it is. */
export const probeLimits = (now: number): Limits => ({
  attempts: 1,
  attemptMs: 10_000,
  deadline: now + 10_000,
  pauseMs: 0,
})

/** How long a run may hold a message: nothing is begun after the deadline, and what is begun ends in time. */
export const leaseMs = totalMs + 60_000

/**
 * ms to wait before the next attempt: what the server asks for, else twice as long each time with a half left
 * to chance, so that many clients do not come back at once.
 * @param attempt 1 after the first
 */
export function pauseBefore(
  attempt: number,
  pauseMs: number,
  retryAfterMs: number | undefined,
  random = Math.random,
): number {
  const backOff = pauseMs * 2 ** (attempt - 1)
  return Math.max(retryAfterMs ?? 0, backOff / 2 + (random() * backOff) / 2)
}

/** `Retry-After` as seconds or as a date (RFC 9110, 10.2.3), in ms from now; undefined when it is neither. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const date = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
