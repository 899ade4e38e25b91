/** Both sides of the comparison, from what metrics answer: rows of one kind of tokens each. */
import { share, type BilledRow, type Kind, type LoggedRow } from '../../billing/reconcile/cells.js'
import { modelKey } from '../../domain/costs/billed.js'
import { moneyOf, type Money } from '../../domain/costs/units.js'
import type { BilledSumRow, LoggedSumRow } from '../../metrics/comparison/reconciling.js'
import { dayOfCharge, providerOf } from './charges.js'

/** Sums of charges, of the biller's day. */
export function billedRow(row: BilledSumRow, tz: string): BilledRow {
  return {
    provider: providerOf(row),
    bucket: dayOfCharge(row, tz),
    model: row.model === null ? null : modelKey(row.model),
    kind: kindOf(row),
    tier: row.service_tier,
    region: row.region,
    project: row.project,
    labels: { api_key: row.api_key, principal: row.principal, workspace: row.workspace },
    category: row.charge_category,
    cost: row.kind === 'cost' ? moneyOf(row.cost ?? '0') : null,
    tokens: row.tokens === null ? null : BigInt(row.tokens),
    charges: Number(row.charges),
  }
}

function kindOf({ token_type: type, unit, model, kind }: BilledSumRow): Kind {
  if (type !== null) return type as Kind
  return kind === 'cost' && model !== null && unit === 'requests' ? 'all' : 'other'
}

/** Writes for five minutes and for an hour, whose cost is one sum: by 1.25 and 2 times the price of input, as they are sold. */
function writesOf(row: LoggedSumRow): readonly (readonly [Kind, bigint, Money])[] {
  const long = BigInt(row.cache_write_1h_tokens)
  const short = BigInt(row.cache_write_tokens) - long
  const cost = moneyOf(row.cache_write_cost ?? '0')
  const ofLong = share(cost, long * 8n, short * 5n + long * 8n)
  return [
    ['cache_write', short, cost - ofLong],
    ['cache_write_1h', long, ofLong],
  ]
}

/** A row of sums as one row a kind of tokens. */
export function loggedRows(row: LoggedSumRow): LoggedRow[] {
  const shared = {
    provider: row.provider ?? '(none)',
    quarter: Number(row.quarter),
    bucket: '',
    model: row.model === null ? null : modelKey(row.model),
    tier: row.speed === 'fast' ? 'fast' : row.service_tier,
    project: row.project,
    priced: row.priced,
  }
  const money = (text: string | null): Money => (row.by_list && row.priced ? moneyOf(text ?? '0') : 0n)
  const of = (kind: Kind, tokens: string, cost: string | null): LoggedRow => ({
    ...shared,
    kind,
    tokens: BigInt(tokens),
    cost: money(cost),
  })
  const writes = writesOf(row).map(([kind, tokens, cost]) => ({
    ...shared,
    kind,
    tokens,
    cost: row.by_list && row.priced ? cost : 0n,
  }))
  const rows: LoggedRow[] = [
    of('input', row.input_tokens, row.input_cost),
    of('cache_read', row.cache_read_tokens, row.cache_read_cost),
    ...writes,
    of('output', row.output_tokens, row.output_cost),
    of('other', '0', row.other_cost),
  ]
  if (!row.by_list) rows.push({ ...shared, kind: 'all', tokens: 0n, cost: moneyOf(row.cost_usd ?? '0') })
  return rows.filter(({ tokens, cost }) => tokens !== 0n || cost !== 0n)
}
