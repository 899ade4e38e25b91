/**
 * Counters in Redis, for any number of processes. The client is the application's own: `ioredis` or `redis`, one
 * server or a cluster. All keys have one hash tag, so that they lie in one slot, where a script may touch them together.
 */
import { createHash, randomUUID } from 'node:crypto'
import { settledMs, type ReservationRequest, type Settlement } from '../domain/budgets/reservations.js'
import { reserveScript, settleScript } from './redis-script.js'
import type { GuardStore, StoreNews } from './store.js'

/** As `ioredis` has it. */
export interface IoredisClient {
  evalsha(sha: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>
}

/** As `redis` has it. */
export interface NodeRedisClient {
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

export type RedisClient = IoredisClient | NodeRedisClient

export interface RedisStoreOptions {
  /** Keys begin with it, in braces; by default `llmcost`. Guards that share it share their counters. */
  readonly prefix?: string
}

interface Script {
  readonly text: string
  readonly sha: string
}

const script = (text: string): Script => ({ text, sha: createHash('sha1').update(text).digest('hex') })
const reserving = script(reserveScript)
const settling = script(settleScript)

/** Longer names of users and budgets are kept by their hash. */
const longestKey = 200

/** @throws TypeError where the prefix has braces, or the client is none of the two */
export function redisStore(client: RedisClient, { prefix = 'llmcost' }: RedisStoreOptions = {}): GuardStore {
  if (!/^[^{}]+$/.test(prefix)) throw new TypeError(`the prefix ${prefix} must be some text without braces`)
  if (!('evalSha' in client) && !('evalsha' in client))
    throw new TypeError('this is no client of Redis: give that of ioredis or of redis')
  const name = (key: string): string =>
    `{${prefix}}:${key.length <= longestKey ? key : createHash('sha256').update(key).digest('hex')}`
  const keysOf = (id: string, counters: readonly { readonly key: string }[]): string[] => [
    name('mark'),
    name(`settled:${id}`),
    ...counters.flatMap(({ key }) => [name(`sum:${key}`), name(`open:${key}`)]),
  ]
  const clock = new StoreClock()
  return {
    takesMoments: false,
    now: () => clock.now(),
    async reserve(request, { since, until }) {
      const values = [String(since), String(until), ...reservationValues(request)]
      const answer = await clock.timed(() =>
        evaluate(client, reserving, keysOf(request.id, request.counters), values),
      )
      const [status, now = '', mark = '', chosen, ...sums] = answer
      if (status === 'stale') return { isStale: true, now: clock.set(now), hasForgotten: false }
      return {
        isAccepted: status === 'ok',
        chosen: Number(chosen),
        standings: request.counters.map((_, i) => ({
          spent: BigInt(sums[2 * i] ?? 0),
          held: BigInt(sums[2 * i + 1] ?? 0),
        })),
        ...clock.news(now, mark),
      }
    },
    async settle(settlement) {
      const keys = keysOf(settlement.id, settlement.counters)
      const [now = '', mark = ''] = await clock.timed(() =>
        evaluate(client, settling, keys, settlementValues(settlement)),
      )
      return clock.news(now, mark)
    },
  }
}

const optional = (amount: bigint | null): string => (amount === null ? '' : String(amount))

const reservationValues = ({ id, offers, counters, lastsMs }: ReservationRequest): string[] => [
  String(lastsMs),
  id,
  randomUUID(),
  String(offers.length),
  ...offers.flatMap(({ amount, isRefused }) => [String(amount), isRefused ? '1' : '0']),
  ...counters.flatMap(({ covers, limit, downgradeAbove, expires }) => [
    covers.map((covered) => (covered ? '1' : '0')).join(''),
    optional(limit),
    optional(downgradeAbove),
    String(expires),
  ]),
]

const settlementValues = ({ id, amount, cost, counters }: Settlement): string[] => [
  id,
  String(amount),
  String(cost),
  randomUUID(),
  String(settledMs),
  ...counters.map(({ expires }) => String(expires)),
]

/** By the script's hash; the text goes where the server does not know it, as after a restart. */
async function evaluate(
  client: RedisClient,
  { text, sha }: Script,
  keys: string[],
  values: string[],
): Promise<readonly string[]> {
  const isNode = 'evalSha' in client
  const ask = async (isKnown: boolean): Promise<unknown> => {
    if (isNode) {
      const options = { keys, arguments: values }
      return isKnown ? client.evalSha(sha, options) : client.eval(text, options)
    }
    return isKnown
      ? client.evalsha(sha, keys.length, ...keys, ...values)
      : client.eval(text, keys.length, ...keys, ...values)
  }
  let answer: unknown
  try {
    answer = await ask(true)
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    answer = await ask(false)
  }
  if (!Array.isArray(answer)) throw new Error('Redis answered what no script of the guard does')
  return answer.map(String)
}

/** What the clock of Redis shows, learned from each answer; and whether Redis is still the one that it was. */
class StoreClock {
  #ahead = 0
  #mark = ''
  #asked = Date.now()

  now(): number {
    return Date.now() + this.#ahead
  }

  async timed<T>(work: () => Promise<T>): Promise<T> {
    const asked = Date.now()
    const done = await work()
    this.#asked = asked
    return done
  }

  /** The answer was given somewhere between asking and now. */
  set(told: string): number {
    const now = Number(told)
    if (!Number.isSafeInteger(now)) throw new Error('Redis told no time')
    this.#ahead = Math.round(now - (this.#asked + Date.now()) / 2)
    return now
  }

  news(now: string, mark: string): StoreNews {
    const hasForgotten = this.#mark !== '' && mark !== this.#mark
    this.#mark = mark
    return { now: this.set(now), hasForgotten }
  }
}
