/** Why two costs differ: more calls, another mix of models, or dearer calls. */
import { picos, shortUsdOf } from '../../domain/costs/amount.js'
import { costChange, difference, type CostChange } from '../../domain/costs/cost-change.js'
import type { MoverRow } from '../../metrics/comparison/movers.js'
import { pricedCalls } from './chance-words.js'
import { column } from '../columns.js'
import { basisOf, type ComparedSide } from './compared-side.js'
import type { Cell, Row, Section } from '../report.js'

/**
 * Parts that add up to the difference in cost to the last digit; none where costs cannot be compared.
 * @param models all groups of the dimension `model`, for the part of the mix; undefined: it is not told apart
 */
export function costChangeSections(
  a: ComparedSide,
  b: ComparedSide,
  models?: readonly MoverRow[],
): readonly Section[] {
  const basis = basisOf(a, b)
  if (basis === 'means') return []
  const daily = basis === 'daily'
  const change = costChange(billOf(a, daily), billOf(b, daily))
  if (change === null) return []
  const key = daily ? 'difference_daily_cost_usd' : 'difference_cost_usd'
  const row = (part: string, cause: string, usd: Cell): Row => ({ part, cause, [key]: usd })
  return [
    {
      id: 'cost_change',
      title: daily ? 'Why the cost a day differs' : 'Why the cost differs',
      columns: [
        { ...column('part', 'part', 'text'), dataOnly: true },
        column('cause', '', 'text'),
        { ...column(key, 'difference', 'usd'), signed: true },
      ],
      rows: [
        row('calls', callsWords(change, a, b), change.calls_usd),
        ...meanRows(a, b, change, models).map(([part, cause, usd]) => row(part, cause, usd)),
      ],
      totals: { [key]: change.difference_usd },
    },
  ]
}

function billOf({ figures, ms }: ComparedSide, daily: boolean): Parameters<typeof costChange>[0] {
  return {
    calls: pricedCalls(figures) ?? 0,
    cost_usd: figures.cost_usd,
    ms: daily ? ms : null,
  }
}

type Part = readonly [id: string, cause: string, usd: string]

function meanRows(
  a: ComparedSide,
  b: ComparedSide,
  change: CostChange,
  models: readonly MoverRow[] | undefined,
): readonly Part[] {
  const whole: Part = ['mean_cost', 'cost a call', change.mean_cost_usd]
  const meanChange = Number(a.figures.mean_cost_usd) - Number(b.figures.mean_cost_usd)
  const withinChange = (models ?? []).reduce((sum, { within_usd: usd }) => sum + Number(usd ?? 0), 0)
  const priced = (models ?? []).filter((row) => row.a_cost_usd !== null || row.b_cost_usd !== null)
  const several = priced.reduce((sum, { groups }) => sum + Number(groups), 0) > 1
  if (!several || meanChange === 0) return [whole]
  const within = shortUsdOf(picos((Number(change.mean_cost_usd) * withinChange) / meanChange))
  const mix = difference(change.mean_cost_usd, within) ?? '0'
  return [
    ['mix', 'mix of models', mix],
    ['mean_cost', 'cost a call of the same model', within],
  ]
}

/** Calls without a price are no part of a cost: where there are any, it is not calls as such that are counted. */
function callsWords({ calls_usd: usd }: CostChange, ...sides: readonly ComparedSide[]): string {
  const all = sides.every(({ figures }) => pricedCalls(figures) === Number(figures.calls ?? 0))
  const calls = all ? 'calls' : 'calls with a price'
  return usd === '0' ? `as many ${calls}` : usd.startsWith('-') ? `fewer ${calls}` : `more ${calls}`
}
