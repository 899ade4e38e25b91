/** What guards are tried with: random reservations and settlements, and a plain model that keeps lists and adds them up. */
import fc from 'fast-check'
import type {
  Counter,
  Offer,
  ReservationAnswer,
  ReservationRequest,
  Settlement,
} from '../../src/domain/budgets/reservations.js'

/** A step, some ms after the one before it. */
export type Step =
  | { readonly kind: 'reserve'; readonly after: number; readonly request: ReservationRequest }
  | {
      readonly kind: 'settle'
      readonly after: number
      readonly request: ReservationRequest
      readonly cost: bigint
    }

const keys = ['a', 'b', 'c', 'c:é {x}'] as const
const amount = fc.oneof(
  fc.bigInt(0n, 60n),
  fc.constantFrom(0n, 1n, 100n, 8_999_999_999_999_999n, 1_000_000_000_000_001n),
)
const limit = fc.oneof(fc.constant(null), fc.bigInt(0n, 150n), fc.constant(9_000_000_000_000_000n))

const counter = (key: string, far: number, isFirst: boolean): fc.Arbitrary<Counter> =>
  fc.record({
    key: fc.constant(key),
    covers: isFirst ? fc.constant([true, true]) : fc.constantFrom([true, true], [true, false], [false, true]),
    limit,
    downgradeAbove: fc.oneof(fc.constant(null), fc.bigInt(0n, 100n)),
    expires: fc.constant(far),
  })

const offer: fc.Arbitrary<Offer> = fc.record({ amount, isRefused: fc.nat(9).map((n) => n === 0) })

/**
 * Ids are few, so that calls are asked for and settled twice, and settled that were never made.
 * @param far when counters expire, and how long reservations last, ms
 */
export const steps = (
  { far, lastsMs }: { readonly far: number; readonly lastsMs: number },
  after: fc.Arbitrary<number>,
  prefix: string,
): fc.Arbitrary<readonly Step[]> =>
  fc
    .array(
      fc.record({
        isReserve: fc.boolean(),
        after,
        id: fc.nat(7).map((n) => `${prefix}${n}`),
        offers: fc.array(offer, { minLength: 1, maxLength: 2 }),
        counters: fc
          .subarray([...keys], { minLength: 1 })
          .chain((some) => fc.tuple(...some.map((key, i) => counter(key, far, i === 0)))),
        cost: amount,
      }),
      { maxLength: 40 },
    )
    .map((all) => {
      const asked = new Map<string, ReservationRequest>()
      return all.map(({ isReserve, after, id, offers, counters, cost }): Step => {
        const request = asked.get(id) ?? { id, offers, counters, lastsMs }
        asked.set(id, request)
        return isReserve ? { kind: 'reserve', after, request } : { kind: 'settle', after, request, cost }
      })
    })

/** How a guard settles: what was reserved in the counters of that offer; what was never let in, in all of them. */
export function settlementFor(
  step: Extract<Step, { kind: 'settle' }>,
  chosen: number | undefined,
): Settlement {
  const { request, cost } = step
  const counters = request.counters.filter(({ covers }) => chosen === undefined || covers[chosen])
  return { id: request.id, amount: request.offers[chosen ?? 0]?.amount ?? 0n, cost, counters }
}

interface Held {
  readonly id: string
  readonly amount: bigint
  readonly chosen: number
  readonly keys: readonly string[]
  readonly ends: number
}

/** Lists of all that was reserved and settled; every figure is added up anew. */
export class PlainModel {
  readonly #held: Held[] = []
  readonly #settled: { readonly id: string; readonly cost: bigint; readonly keys: readonly string[] }[] = []
  #openAt(now: number): Held[] {
    const over = new Set(this.#settled.map(({ id }) => id))
    return this.#held.filter(({ id, ends }) => !over.has(id) && now < ends)
  }

  used(key: string, now: number): { spent: bigint; held: bigint } {
    const add = (sum: bigint, one: bigint): bigint => sum + one
    return {
      spent: this.#settled.filter(({ keys }) => keys.includes(key)).map(({ cost }) => cost).reduce(add, 0n), // prettier-ignore
      held: this.#openAt(now).filter(({ keys }) => keys.includes(key)).map(({ amount }) => amount).reduce(add, 0n), // prettier-ignore
    }
  }

  /** Which offer was taken, where one was. */
  chosenOf(id: string): number | undefined {
    return this.#held.findLast((one) => one.id === id)?.chosen
  }

  /** What a store should answer, as text: accepted, the offer, and what each counter says. */
  reserve({ id, offers, counters, lastsMs }: ReservationRequest, now: number): string {
    const sums = counters.map(({ key }) => this.used(key, now))
    const told = (isAccepted: boolean, chosen: number): string => `${isAccepted} ${chosen} ${sums.map(({ spent, held }) => `${spent}+${held}`).join(' ')}` // prettier-ignore
    const before = this.#openAt(now).find((one) => one.id === id)
    if (before !== undefined) return told(true, before.chosen)
    if (this.#settled.some((one) => one.id === id)) return told(true, 0)
    const beyond = (i: number, level: 'limit' | 'downgradeAbove'): boolean =>
      counters.some((counter, n) => {
        const most = counter[level]
        return (
          counter.covers[i] === true &&
          most !== null &&
          sums[n]!.spent + sums[n]!.held + offers[i]!.amount > most
        )
      })
    const chosen = offers.length === 2 && beyond(0, 'downgradeAbove') ? 1 : 0
    const { amount, isRefused } = offers[chosen]!
    if (isRefused || beyond(chosen, 'limit')) return told(false, chosen)
    const covered = counters.filter(({ covers }) => covers[chosen]).map(({ key }) => key)
    this.#held.push({ id, amount, chosen, keys: covered, ends: now + lastsMs })
    return told(true, chosen)
  }

  settle({ id, cost, counters }: Settlement): void {
    if (this.#settled.some((one) => one.id === id)) return
    this.#settled.push({ id, cost, keys: counters.map(({ key }) => key) })
  }
}

/** The same of an answer. */
export const answerText = ({ isAccepted, chosen, standings }: ReservationAnswer): string =>
  `${isAccepted} ${chosen} ${standings.map(({ spent, held }) => `${spent}+${held}`).join(' ')}`
