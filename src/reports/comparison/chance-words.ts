/** Whether a difference in cost a call is more than chance, in one sentence and as data. */
import { fewestCalls, judgeRatio, type Chance, type Sample } from '../../domain/chance.js'
import type { Currency } from '../../domain/costs/currency.js'
import { counted } from '../../domain/words/plurals.js'
import {
  change,
  changeScale,
  inWords,
  moneyScale,
  number,
  numberScale,
  percent,
} from '../../domain/words/wording.js'
import type { Figures } from '../../metrics/figures.js'
import type { Cell, Finding } from '../report.js'

/** One side's calls and their cost, and what people call it. */
export interface Judged {
  /** What its money is in; absent: US dollars. */
  readonly currency?: Currency | undefined
  readonly label: string
  readonly figures: Figures
  /** A file that it was read from; undefined for calls. */
  readonly file?: string | undefined
}

/**
 * The finding on the mean cost a call; undefined where a side has no priced call.
 * @param shared calls that are on both sides
 */
export function meanCostFinding(a: Judged, b: Judged, shared: number): Finding | undefined {
  const [first, second] = [sampleOf(a.figures), sampleOf(b.figures)]
  if (first === undefined || second === undefined) return undefined
  const ratio = second.mean === 0 ? null : first.mean / second.mean
  const chance = shared > 0 ? undefined : judgeRatio(first, second)
  const more = chance?.verdict === 'more_than_chance'
  const scale = moneyScale([first.mean, second.mean], a.currency)
  const amounts = `${inWords(first.mean, scale)} against ${inWords(second.mean, scale)}`
  const text = `Calls cost ${changeWords(ratio, first.mean)} (${amounts}); ${verdictWords(chance, a, b, shared)}.`
  return {
    kind: 'mean_cost_usd',
    severity: more && first.mean > second.mean ? 'warning' : 'info',
    dimension: null,
    value: null,
    measured: ratio,
    bound: null,
    text,
    touchedUsd: Math.abs(first.mean - second.mean) * first.calls,
    ...(more ? {} : { mayBeChance: true as const }),
    details: { a_mean_cost_usd: first.mean, b_mean_cost_usd: second.mean, ...chanceData(chance) },
  }
}

/** Keys for programs: `verdict`, `reason`, and the 95 % interval of the ratio. */
function chanceData(chance: Chance | undefined): Readonly<Record<string, Cell>> {
  if (chance === undefined) return { verdict: 'unknown', reason: 'shared_calls', low: null, high: null }
  return {
    verdict: chance.verdict,
    reason: 'reason' in chance ? chance.reason : null,
    low: 'low' in chance ? chance.low : null,
    high: 'high' in chance ? chance.high : null,
  }
}

/** The priced calls of a side; undefined when it has none, or a file does not say how many. */
function sampleOf(figures: Figures): Sample | undefined {
  const calls = pricedCalls(figures)
  const mean = figures.mean_cost_usd
  if (calls === null || calls === 0 || mean === null || mean === undefined) return undefined
  const known = (value: Figures[keyof Figures]): number | null =>
    value === null || value === undefined ? null : Number(value)
  return {
    calls,
    mean: Number(mean),
    stddev: known(figures.stddev_cost_usd),
    max: known(figures.max_cost_usd),
  }
}

/** Calls with a price; a file may have them as all calls less those without. */
export function pricedCalls({
  priced_calls: priced,
  calls,
  unpriced_calls: unpriced,
}: Figures): number | null {
  if (priced !== null && priced !== undefined) return Number(priced)
  return calls === null || calls === undefined ? null : Number(calls) - Number(unpriced ?? 0)
}

function changeWords(ratio: number | null, mean: number): string {
  if (ratio === null) return mean === 0 ? 'nothing on either side' : 'more than nothing'
  if (ratio === 1) return 'the same'
  if (ratio >= 10) return `${number(ratio)} times as much`
  return ratio > 1 ? `${percent(ratio - 1)} more` : `${percent(1 - ratio)} less`
}

function verdictWords(chance: Chance | undefined, a: Judged, b: Judged, shared: number): string {
  if (chance === undefined) {
    const what = counted(shared, 'call is', 'calls are')
    return `whether that is chance is not judged: ${what} on both sides`
  }
  if ('low' in chance) {
    const verdict = chance.verdict === 'more_than_chance' ? 'more than chance' : 'may be chance'
    return `${verdict} (95% interval ${range(chance)})`
  }
  switch (chance.reason) {
    case 'zero':
      return 'whether that is chance cannot be told of calls that cost nothing'
    case 'no_spread':
      return `chance cannot be judged from ${a.file ?? b.file ?? 'this file'}: it has no stddev_cost_usd`
    case 'few': {
      const calls = Math.min(pricedCalls(a.figures) ?? 0, pricedCalls(b.figures) ?? 0)
      const what = counted(calls, 'call on a side is', 'calls on a side are')
      return `${what} too few to tell whether that is chance (${fewestCalls} are needed)`
    }
    case 'spread':
      return 'too few calls to tell whether that is chance, for costs that differ so much from call to call'
    case 'one_call': {
      const { label } = chance.side === 'a' ? a : b
      return `too few calls to tell whether that is chance: one call of ${label} makes up ${percent(chance.share)} of the scatter`
    }
  }
}

function range({ low, high }: { readonly low: number; readonly high: number }): string {
  if (high >= 10) {
    const scale = numberScale([low, high])
    return `${inWords(low, scale)} to ${inWords(high, scale)} times as much`
  }
  const scale = changeScale([low - 1, high - 1])
  return low === high ? change(low - 1) : `${inWords(low - 1, scale)} … ${inWords(high - 1, scale)}`
}
