/**
 * statusline: what a coding agent shows in one line. The sums behind it lie in a small file beside the store, which
 * every run that writes the store makes anew, so that the line costs neither a scan nor the engine.
 *
 * The sums of calls by quarter-hour of UTC, of which every zone's days are made, and of sessions of late.
 */
import { budgetPeriods, type Budget } from '../domain/budgets/budget.js'
import { isComparison, type Filter } from '../domain/scope.js'

/** Of the file; another version is not read. */
const version = 1

export const quarterMs = 900_000

/** What some calls come to. */
export interface CallSum {
  readonly calls: number
  readonly unpricedCalls: number
  /** USD, exact; null where none of the calls has a price. */
  readonly costUsd: string | null
}

/** The calls of a quarter-hour that one set of filters lets through. */
export interface QuarterSum extends CallSum {
  /** Quarter-hours since 1970, UTC. */
  readonly quarter: number
}

export interface SummedBudget extends Budget {
  /** Which of `sets` has its calls; null where they could not be told from the others. */
  readonly set: number | null
}

export interface Sums {
  /** What tells the store's state from every other: the figures are of this one. */
  readonly mark: string
  /** Of the store, when they were made. */
  readonly schemaVersion: number
  /** When they were last known to be those of the store, ISO 8601 UTC. */
  readonly made: string
  /** Half-open: calls in [since, until), ISO 8601 UTC. */
  readonly since: string
  readonly until: string
  /** Calls at or after `until`: their time is still to come. */
  readonly laterCalls: number
  /** The store had sums of hours whose calls are elsewhere: these come and go without any call. */
  readonly isElsewhere: boolean
  /** IANA zone in which days begin. */
  readonly tz: string
  readonly budgets: readonly SummedBudget[]
  /** By set of filters: of all calls, then of those that budgets cover; quarter-hours with calls, in order. */
  readonly sets: readonly (readonly QuarterSum[])[]
  /** All calls of the sessions of agents that had one of late, by id; null where that is not told. */
  readonly sessions: ReadonlyMap<string, CallSum> | null
}

/** As it is written to the file. */
export function sumsText(sums: Sums): string {
  const sum = ({ calls, unpricedCalls, costUsd }: CallSum): unknown[] => [calls, unpricedCalls, costUsd]
  return `${JSON.stringify({
    llmcost: 'sums for the status line',
    version,
    ...sums,
    sets: sums.sets.map((set) => set.map((one) => [one.quarter, ...sum(one)])),
    sessions: sums.sessions && Object.fromEntries([...sums.sessions].map(([id, one]) => [id, sum(one)])),
  })}\n`
}

/** Undefined for what is no such file, or of another version of it. */
export function readSums(text: string): Sums | undefined {
  try {
    return sumsOf(JSON.parse(text) as unknown)
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Foreign) return undefined
    throw error
  }
}

/** What this version does not write. */
class Foreign extends Error {}

function sumsOf(given: unknown): Sums {
  const all = object(given)
  if (all['version'] !== version) throw new Foreign()
  const sets = list(all['sets']).map((set) => list(set).map(quarterSum))
  return {
    mark: text(all['mark']),
    schemaVersion: whole(all['schemaVersion']),
    made: moment(all['made']),
    since: moment(all['since']),
    until: moment(all['until']),
    laterCalls: whole(all['laterCalls']),
    isElsewhere: boolean(all['isElsewhere']),
    tz: text(all['tz']),
    budgets: list(all['budgets']).map((budget) => summedBudget(budget, sets.length)),
    sets,
    sessions:
      all['sessions'] === null
        ? null
        : new Map(Object.entries(object(all['sessions'])).map(([id, sum]) => [id, callSum(list(sum))])),
  }
}

function quarterSum(given: unknown): QuarterSum {
  const [quarter, ...sum] = list(given)
  return { quarter: whole(quarter), ...callSum(sum) }
}

const callSum = ([calls, unpriced, cost]: readonly unknown[]): CallSum => ({
  calls: whole(calls),
  unpricedCalls: whole(unpriced),
  costUsd: cost === null ? null : amount(cost),
})

function summedBudget(given: unknown, sets: number): SummedBudget {
  const { name, period, usd, filters, warnAt, set } = object(given)
  const found = budgetPeriods.find((one) => one === period)
  if (found === undefined || (set !== null && whole(set) >= sets)) throw new Foreign()
  return {
    name: text(name),
    period: found,
    usd: amount(usd),
    filters: list(filters).map(filterOf),
    warnAt: list(warnAt).map(number),
    set: set === null ? null : whole(set),
  }
}

function filterOf(given: unknown): Filter {
  const { dimension, operator, value } = object(given)
  const known = text(operator)
  if (known !== '=' && known !== '!=' && known !== '~' && !isComparison(known)) throw new Foreign()
  return { dimension: text(dimension), operator: known, value: text(value) }
}

function object(given: unknown): Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new Foreign()
  return given as Record<string, unknown>
}

function list(given: unknown): readonly unknown[] {
  if (!Array.isArray(given)) throw new Foreign()
  return given
}

function text(given: unknown): string {
  if (typeof given !== 'string') throw new Foreign()
  return given
}

function boolean(given: unknown): boolean {
  if (typeof given !== 'boolean') throw new Foreign()
  return given
}

function number(given: unknown): number {
  if (typeof given !== 'number') throw new Foreign()
  return given
}

function whole(given: unknown): number {
  if (!Number.isSafeInteger(given) || (given as number) < 0) throw new Foreign()
  return given as number
}

/** USD as a plain decimal. */
function amount(given: unknown): string {
  const usd = text(given)
  if (!/^-?\d{1,30}(\.\d{1,18})?$/.test(usd)) throw new Foreign()
  return usd
}

function moment(given: unknown): string {
  const iso = text(given)
  if (Number.isNaN(Date.parse(iso))) throw new Foreign()
  return iso
}
