/** Report on what one call cost, and why. */
import type { Rate } from '../../domain/costs/rate.js'
import type { Cell, Column, Report, Row, Section } from '../report.js'

/** A call with what was worked out about its cost. */
export interface ExplainedCall {
  readonly call: Row
  readonly rate: Rate | undefined
  /** When the price holds, and what tier, speed and place do to it, in words. */
  readonly conditions: string
  readonly mode: string | null
  readonly parts: readonly Row[]
  readonly sentences: readonly string[]
}

const facts: readonly Column[] = [
  { key: 'call_id', title: 'call', kind: 'text' },
  { key: 'source', title: 'source', kind: 'text' },
  { key: 'ts', title: 'time', kind: 'time' },
  { key: 'path', title: 'file', kind: 'text' },
  { key: 'line', title: 'line', kind: 'count' },
  { key: 'provider', title: 'provider', kind: 'text' },
  { key: 'model', title: 'model', kind: 'text' },
  { key: 'status', title: 'status', kind: 'text' },
  { key: 'service_tier', title: 'service tier', kind: 'text' },
  { key: 'speed', title: 'speed', kind: 'text' },
  { key: 'region', title: 'region', kind: 'text' },
  { key: 'matched', title: 'price of', kind: 'text' },
  { key: 'rule', title: 'rule', kind: 'text' },
  { key: 'conditions', title: 'price holds', kind: 'text' },
  { key: 'mode', title: 'mode', kind: 'text' },
  { key: 'price_source', title: 'price from', kind: 'text' },
  { key: 'note', title: 'source', kind: 'text' },
  { key: 'list_cost_usd', title: 'list cost', kind: 'usd', exact: true },
  { key: 'reported_cost_usd', title: 'reported cost', kind: 'usd', exact: true },
  { key: 'cost_usd', title: 'cost', kind: 'usd', exact: true },
  { key: 'cost_basis', title: 'basis', kind: 'text' },
  { key: 'partly_priced', title: 'partly priced', kind: 'boolean' },
]

const parts: readonly Column[] = [
  { key: 'part', title: 'part', kind: 'text' },
  { key: 'count', title: 'count', kind: 'count' },
  { key: 'price', title: 'price', kind: 'price' },
  { key: 'per', title: 'per', kind: 'text' },
  { key: 'cost_usd', title: 'cost', kind: 'usd', exact: true },
]

/** Two sections for each call: what it is, and the products that its list cost adds up. */
export function callCostReport(callId: string, calls: readonly ExplainedCall[]): Report {
  const several = calls.length > 1
  const sections = calls.flatMap((one, i) => sectionsOf(one, several ? `_${i + 1}` : ''))
  return {
    kind: 'call_cost',
    title: `Cost of call ${callId}`,
    period: { since: null, until: null, tz: 'UTC' },
    sections,
    warnings: several ? [shared(callId, calls)] : [],
  }
}

function shared(callId: string, calls: readonly ExplainedCall[]): string {
  const sources = new Set(calls.map(({ call }) => call['source'])).size
  if (sources === calls.length) return `${calls.length} sources hold a call of this id.`
  const those = sources === 1 ? '' : ` of ${sources} sources`
  return `${calls.length} calls${those} carry the id ${callId} in their log.`
}

function sectionsOf(
  { call, rate, conditions, mode, parts: products, sentences }: ExplainedCall,
  suffix: string,
): Section[] {
  const about: Readonly<Record<string, Cell>> = {
    matched: rate?.matched ?? null,
    rule: rate?.rule ?? null,
    conditions: rate === undefined ? null : conditions,
    mode,
    note: rate?.note ?? null,
    price_source: rate?.price_source ?? null,
  }
  const row = Object.fromEntries(facts.map(({ key }) => [key, about[key] ?? call[key] ?? null]))
  return [
    { id: `call${suffix}`, title: 'Call', layout: 'facts', columns: facts, rows: [row], notes: sentences },
    {
      id: `parts${suffix}`,
      title: 'List cost',
      columns: parts,
      rows: products,
      ...(products.length > 0 ? { totals: { part: 'total', cost_usd: call['list_cost_usd'] ?? null } } : {}),
      empty: rate === undefined ? 'No price is known.' : 'Nothing that has a price was used.',
    },
  ]
}
