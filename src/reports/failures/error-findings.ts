/** What fails too often, and retries that cost too much. */
import type { Bounds } from '../../domain/bounds.js'
import type { Dimension } from '../../domain/dimensions.js'
import type { Scope } from '../../domain/scope.js'
import { spanOptions, type Typed } from '../../domain/words/commands.js'
import { count, money, percent } from '../../domain/words/wording.js'
import type { Finding } from '../report.js'
import { withRetries, type ErrorGroup, type ErrorsAnswer } from './retries.js'
import { aboutGroup, groupName, nameOf } from '../sentences.js'
import { shellWord } from '../../domain/words/quoting.js'

/** Where its calls are, and which of them it is about. */
interface Asked {
  readonly scope: Scope
  readonly typed: Typed
}

/** Far beyond the bound something is broken. */
const criticalTimes = 5

/** @param asked what the question is about, for the commands that list its calls */
export function errorFindings(answer: ErrorsAnswer, bounds: Bounds, asked: Asked): Finding[] {
  const { by, rows, retries } = answer
  const groups = withRetries(by, rows, retries)
  const total = groups.find(({ row }) => row.is_total)
  const named = by.length === 0 ? [] : groups.filter(({ row }) => !row.is_total && !row.is_others)
  return [
    ...(total === undefined ? [] : rateFinding([], total, bounds, asked)),
    ...named.flatMap((group) => rateFinding(by, group, bounds, asked)),
    ...(total === undefined ? [] : retryFinding(answer, total, bounds, asked.scope)),
  ]
}

function rateFinding(
  by: readonly Dimension[],
  { row }: ErrorGroup,
  bounds: Bounds,
  { scope, typed }: Asked,
): Finding[] {
  const rate = row.error_rate ?? null
  const calls = Number(row.status_calls ?? 0)
  if (rate === null || calls < bounds.minimum_calls || Number(rate) <= bounds.error_rate) return []
  const cost =
    Number(row.failed_cost_usd ?? 0) > 0 ? `, which cost ${money(row.failed_cost_usd, scope.currency)}` : ''
  const [only] = by.length === 1 ? by : []
  const filter =
    only === undefined || only.kind === 'time'
      ? ''
      : ` --where ${shellWord(`${only.key}=${nameOf(row.d0 ?? null)}`)}`
  const command = typed(`llmcost calls --sort failed${spanOptions(scope, scope.tz)}${filter}`)
  const failed = `${groupName(by, row)}: ${percent(rate)} of ${count(calls)} calls failed (bound ${percent(bounds.error_rate)})`
  return [
    {
      kind: 'error_rate',
      severity: Number(rate) >= bounds.error_rate * criticalTimes ? 'critical' : 'warning',
      ...aboutGroup(by, row),
      measured: rate,
      bound: bounds.error_rate,
      text: `${failed}${cost}; ${command} lists them`,
      short: failed,
      command,
      // What fails is rarely paid for: what is at stake is the work that its calls are part of.
      touchedUsd: row.cost_usd === null || row.cost_usd === undefined ? null : Number(row.cost_usd),
    },
  ]
}

function retryFinding(
  { kinds }: ErrorsAnswer,
  total: ErrorGroup,
  bounds: Bounds,
  { currency }: Scope,
): Finding[] {
  const [cost, all] = [Number(total.retryCostUsd ?? 0), Number(total.row.cost_usd ?? 0)]
  if (all === 0 || cost / all <= bounds.retry_cost_share) return []
  const main = kinds.find((row) => !row.is_total && !row.is_others && row.kind !== null)
  const most = main === undefined ? '' : `; the most frequent error is ${nameOf(main.kind)}`
  return [
    {
      kind: 'retry_cost',
      severity: 'warning',
      dimension: null,
      value: null,
      measured: cost / all,
      bound: bounds.retry_cost_share,
      text: `${count(total.retries)} retries cost ${money(total.retryCostUsd, currency)}, ${percent(cost / all)} of all cost (bound ${percent(bounds.retry_cost_share)})${most}`,
      short: `${count(total.retries)} retries, ${percent(cost / all)} of all cost (bound ${percent(bounds.retry_cost_share)})${most}`,
      touchedUsd: cost,
      details: { retries: total.retries, retry_cost_usd: total.retryCostUsd },
    },
  ]
}
