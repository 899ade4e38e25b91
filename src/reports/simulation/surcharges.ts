/** From the naive cost of planned calls to that with all that such estimates leave out. */
import { plus, ratioNumber, times, usdText, type Fraction } from '../../domain/costs/fraction.js'
import { surchargeWords, type SurchargeName } from '../../domain/scenarios/surcharges.js'
import { column } from '../columns.js'
import type { Section } from '../report.js'

/** @param naive the cost of a month without surcharges, USD */
export function surchargesSection(naive: Fraction, shares: ReadonlyMap<SurchargeName, Fraction>): Section {
  const all = [...shares]
  const total = plus(naive, ...all.map(([, share]) => times(naive, share)))
  return {
    id: 'surcharges',
    title: 'From the naive estimate',
    columns: [
      column('surcharge', 'surcharge', 'text'),
      { ...column('surcharge_rate', 'of the naive cost', 'rate') },
      column('month_cost_usd', 'a month', 'usd'),
    ],
    rows: [
      { surcharge: 'naive: calls × tokens × price', surcharge_rate: null, month_cost_usd: usdText(naive) },
      ...all.map(([name, share]) => ({
        surcharge: `${name}: ${surchargeWords[name]}`,
        surcharge_rate: ratioNumber(share),
        month_cost_usd: usdText(times(naive, share)),
      })),
    ],
    totals: { surcharge_rate: null, month_cost_usd: usdText(total) },
    notes: [
      'surcharges add up, each a share of the naive cost; llmcost simulate --multipliers measures them on calls that were made',
    ],
  }
}
