/** The cells of one provider, in which both sides have the same kinds, tiers and buckets. */
import { groupBy, share, sumOf, type BilledRow, type Kind, type LoggedRow } from './cells.js'
import type { Money } from '../../domain/costs/units.js'

/** One bucket, model, kind of tokens and tier. */
export interface Cell {
  readonly bucket: string
  readonly model: string
  readonly kind: Kind
  readonly tier: string
  billed: Money
  /** Null where the bill does not tell. */
  billedTokens: bigint | null
  computed: Money
  tokens: bigint
  /** Charges that the amount is the sum of. */
  readonly charges: number
  readonly priced: boolean
  /** By region, where the bill tells amount and tokens by it. */
  readonly regions: ReadonlyMap<
    string,
    { readonly billed: Money; readonly tokens: bigint; readonly charges: number }
  >
}

/** What is known of a provider's bill as a whole. */
export interface Told {
  readonly tokens: boolean
  readonly tiers: boolean
  readonly regions: boolean
}

const anyTier = 'any'

/** Batch is half the price, and so is flex, wherever they are sold. */
export const halfPriced: ReadonlySet<string> = new Set(['batch', 'flex', 'flex_discount'])

const tierOf = (tier: string | null): string =>
  tier === null || tier === '' || tier === 'default' || tier === 'auto' ? 'standard' : tier

/** Charges for tokens, as far as money or counts are stated. */
const isOfTokens = ({ kind, model, category }: BilledRow): boolean =>
  category === 'Usage' && kind !== 'other' && model !== null

export function cellsOf(
  billed: readonly BilledRow[],
  logged: readonly LoggedRow[],
): { readonly cells: readonly Cell[]; readonly told: Told } {
  const ofTokens = billed.filter(isOfTokens)
  const costs = ofTokens.filter(({ cost }) => cost !== null)
  const usage = ofTokens.filter(({ cost, tokens }) => cost === null && tokens !== null)
  // Usage exports count all tokens; a bill that has its own counts may lack some.
  const counts = usage.length > 0 ? usage : costs.filter(({ tokens }) => tokens !== null)
  const isWhole = costs.some(({ kind }) => kind === 'all') || logged.some(({ kind }) => kind === 'all')
  const told: Told = {
    tokens: counts.length > 0,
    tiers: counts.some(({ tier }) => tier !== null),
    regions: counts.some(({ region }) => region !== null) || costs.some(({ region }) => region !== null),
  }
  const kindOf = (kind: Kind): Kind => (isWhole ? 'all' : kind)
  const tier = (own: string | null): string => (told.tiers ? tierOf(own) : anyTier)
  const keyOf = (row: { bucket: string; model: string | null; kind: Kind; tier: string | null }): string =>
    JSON.stringify([row.bucket, row.model, kindOf(row.kind), tier(row.tier)])
  const ofLogs = logged.filter(({ kind, model }) => kind !== 'other' && model !== null)
  const amounts = groupBy(costs, keyOf)
  const counted = groupBy(counts, keyOf)
  const calls = groupBy(ofLogs, keyOf)
  const cells = [...new Set([...amounts.keys(), ...counted.keys(), ...calls.keys()])].map((key): Cell => {
    const [bucket, model, kind, cellTier] = JSON.parse(key) as [string, string, Kind, string]
    const [money, tokens, own] = [amounts.get(key) ?? [], counted.get(key), calls.get(key) ?? []]
    return {
      bucket,
      model,
      kind,
      tier: cellTier,
      billed: sumOf(money, ({ cost }) => cost!),
      billedTokens: told.tokens ? sumOf(tokens ?? [], (row) => row.tokens!) : null,
      computed: sumOf(own, ({ cost }) => cost),
      tokens: sumOf(own, (row) => row.tokens),
      charges: money.reduce((sum, { charges }) => sum + charges, 0),
      priced: own.every(({ priced }) => priced),
      regions: regionsOf(money, usage.length > 0),
    }
  })
  if (told.tiers && costs.every((row) => row.tier === null)) spreadOverTiers(cells)
  return { cells, told }
}

function regionsOf(
  costs: readonly BilledRow[],
  countedElsewhere: boolean,
): ReadonlyMap<string, { readonly billed: Money; readonly tokens: bigint; readonly charges: number }> {
  if (countedElsewhere || costs.some(({ tokens }) => tokens === null)) return new Map()
  return new Map(
    [...groupBy(costs, ({ region }) => region ?? '')].map(([region, rows]) => [
      region,
      {
        billed: sumOf(rows, ({ cost }) => cost!),
        tokens: sumOf(rows, ({ tokens }) => tokens!),
        charges: rows.reduce((sum, { charges }) => sum + charges, 0),
      },
    ]),
  )
}

/** Costs that name no tier stand in the standard cells: they go to all tiers that tokens were counted in, by what these cost. */
function spreadOverTiers(cells: readonly Cell[]): void {
  const groups = groupBy(cells, ({ bucket, model, kind }) => JSON.stringify([bucket, model, kind]))
  for (const group of groups.values()) {
    const whole = sumOf(group, ({ billed }) => billed)
    const weights = group.map(
      ({ tier, billedTokens }) => (billedTokens ?? 0n) * (halfPriced.has(tier) ? 1n : 2n),
    )
    const all = weights.reduce((sum, weight) => sum + weight, 0n)
    if (all === 0n) continue
    let left = whole
    for (const [i, cell] of group.entries()) {
      cell.billed = i === group.length - 1 ? left : share(whole, weights[i]!, all)
      left -= cell.billed
    }
  }
}
