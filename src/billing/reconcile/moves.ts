/**
 * Tokens that both sides count, but in another place: on another day, as input that was not read from a cache, in
 * the standard tier. What was logged is moved to where the bill has it, and the move has its amount.
 */
import type { Part } from './cause.js'
import { groupBy, share, sumOf, type BilledRow, type LoggedRow } from './cells.js'
import type { Money } from '../../domain/costs/units.js'
import { cellsOf, halfPriced, type Cell } from './tables.js'

const totals = (cells: readonly Cell[], of: (cell: Cell) => bigint | null): Map<string, bigint> => {
  const sums = new Map<string, bigint>()
  for (const cell of cells) {
    const key = JSON.stringify([cell.bucket, cell.model])
    sums.set(key, (sums.get(key) ?? 0n) + (of(cell) ?? 0n))
  }
  return sums
}

/** How many days of models have as many tokens on both sides, of those that either has. */
function agreeing(cells: readonly Cell[]): { readonly same: number; readonly all: number } {
  const [billed, logged] = [totals(cells, (cell) => cell.billedTokens), totals(cells, (cell) => cell.tokens)]
  const keys = [...billed.keys()].filter((key) => billed.get(key) !== 0n || logged.get(key) !== 0n)
  return { same: keys.filter((key) => billed.get(key) === logged.get(key)).length, all: keys.length }
}

/** Where another zone makes the days agree that do not: what was logged, by its days. */
export interface Shifted {
  readonly logged: readonly LoggedRow[]
  readonly part: Part
}

/**
 * Tries other zones, half an hour apart.
 * @param wide what was logged, a day beyond the window on both sides, with `bucket` as the window has it
 * @param dayOf the day of a quarter-hour; undefined outside the window
 */
export function shiftOf(
  provider: string,
  billed: readonly BilledRow[],
  wide: readonly LoggedRow[],
  dayOf: (quarter: number) => string | undefined,
): Shifted | undefined {
  const cut = (offset: number): LoggedRow[] =>
    wide.flatMap((row) => {
      const bucket = dayOf(row.quarter + offset)
      return bucket === undefined ? [] : [{ ...row, bucket }]
    })
  const now = cut(0)
  const { cells, told } = cellsOf(billed, now)
  const before = agreeing(cells)
  if (!told.tokens || before.all < 2 || before.same * 2 > before.all) return undefined
  const found: { offset: number; logged: LoggedRow[] }[] = []
  for (let offset = -56; offset <= 56; offset += 2) {
    if (offset === 0) continue
    const logged = cut(offset)
    const after = agreeing(cellsOf(billed, logged).cells)
    if (after.same > before.same && after.same >= 2 && after.same * 2 > after.all)
      found.push({ offset, logged })
  }
  const [first] = found
  if (first === undefined) return undefined
  const best = found.reduce((a, b) => (Math.abs(b.offset) < Math.abs(a.offset) ? b : a))
  const cost = (rows: readonly LoggedRow[]): Money =>
    sumOf(rows, (row) => (row.kind === 'other' ? 0n : row.cost))
  const hours = found.map(({ offset }) => `${offset > 0 ? '+' : ''}${offset / 4}`)
  return {
    logged: best.logged,
    part: {
      provider,
      model: null,
      amount: cost(best.logged) - cost(now),
      cause: 'day_zone',
      evidence: `the tokens of the days are the same where these begin ${hours.length === 1 ? hours[0] : `${hours[0]} to ${hours.at(-1)}`} h from here (--tz)`,
    },
  }
}

/** What a token of a model, kind and tier costs by the logs: an amount, and of how many. */
export type PriceOf = (
  model: string,
  kind: Cell['kind'],
  tier: string,
) => readonly [Money, bigint] | undefined

/** As what tokens may be logged that the bill counts as cached, or as written to a cache for an hour. */
const mistaken = [
  ['input', 'cache_read'],
  ['input', 'cache_write'],
  ['input', 'cache_write_1h'],
  ['cache_write', 'cache_write_1h'],
] as const

/** Tokens that the bill counts as cached, and the logs as plain or as cached for less long; with the same tokens in all. */
export function moveCached(provider: string, cells: readonly Cell[], priceOf: PriceOf): Part[] {
  const sums = new Map<string, { amount: Money; tokens: bigint }>()
  for (const group of groupBy(cells, ({ bucket, model, tier }) =>
    JSON.stringify([bucket, model, tier]),
  ).values()) {
    for (const [as, kind] of mistaken) {
      const plain = group.find((cell) => cell.kind === as)
      const cached = group.find((cell) => cell.kind === kind)
      const [mine, theirs] = [plain?.billedTokens ?? null, cached?.billedTokens ?? null]
      if (plain === undefined || cached === undefined || mine === null || theirs === null) continue
      const [over, under] = [plain.tokens - mine, theirs - cached.tokens]
      const moved = over < under ? over : under
      if (moved <= 0n) continue
      const from = share(plain.computed, moved, plain.tokens)
      const [amount, of] = priceOf(cached.model, kind, cached.tier) ?? [cached.billed, theirs]
      const to = share(amount, moved, of)
      plain.tokens -= moved
      plain.computed -= from
      cached.tokens += moved
      cached.computed += to
      const sum = sums.get(cached.model) ?? { amount: 0n, tokens: 0n }
      sums.set(cached.model, { amount: sum.amount + to - from, tokens: sum.tokens + moved })
    }
  }
  return [...sums].map(([model, { amount, tokens }]) => ({
    provider,
    model,
    amount,
    cause: 'cached_not_logged',
    evidence: `${tokens.toLocaleString('en')} tokens are billed as cached, or as written for an hour, and logged otherwise`,
  }))
}

/** Tokens that the bill counts in another tier than the logs. */
export function moveTiers(provider: string, cells: readonly Cell[], priceOf: PriceOf): Part[] {
  const sums = new Map<string, { amount: Money; tokens: bigint; tiers: Set<string> }>()
  for (const group of groupBy(cells, ({ bucket, model, kind }) =>
    JSON.stringify([bucket, model, kind]),
  ).values()) {
    const plain = group.find(({ tier }) => tier === 'standard')
    if (plain?.billedTokens === undefined || plain.billedTokens === null) continue
    const [billedTokens, tokens] = [
      sumOf(group, (cell) => cell.billedTokens ?? 0n),
      sumOf(group, (cell) => cell.tokens),
    ]
    for (const cell of group) {
      if (cell.tier === 'standard' || cell.billedTokens === null) continue
      const [over, under] = [plain.tokens - plain.billedTokens, cell.billedTokens - cell.tokens]
      if (over <= 0n || under <= 0n) continue
      // Where tokens are missing too, nobody knows of which tier: they are taken to be of all alike.
      const moved = tokens < billedTokens ? share(under, tokens, billedTokens) : over < under ? over : under
      const from = share(plain.computed, moved, plain.tokens)
      const own = priceOf(cell.model, cell.kind, cell.tier)
      const to =
        own !== undefined
          ? share(own[0], moved, own[1])
          : halfPriced.has(cell.tier)
            ? share(from, 1n, 2n)
            : share(cell.billed, moved, cell.billedTokens)
      plain.tokens -= moved
      plain.computed -= from
      cell.tokens += moved
      cell.computed += to
      const sum = sums.get(cell.model) ?? { amount: 0n, tokens: 0n, tiers: new Set<string>() }
      sum.tiers.add(cell.tier)
      sums.set(cell.model, { ...sum, amount: sum.amount + to - from, tokens: sum.tokens + moved })
    }
  }
  return [...sums].map(([model, { amount, tokens, tiers }]) => ({
    provider,
    model,
    amount,
    cause: 'tier_not_logged',
    evidence: `${tokens.toLocaleString('en')} tokens are billed as ${[...tiers].join(', ')} and logged as standard`,
  }))
}
