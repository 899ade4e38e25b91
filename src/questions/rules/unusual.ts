/** unusual_cost: hours that `llmcost anomalies` flags, which judges each by the days before it alone. */
import { dimensionOf } from '../../domain/dimensions.js'
import { hourIso, hourSpan, hourStart } from '../../domain/time/hours.js'
import type { Rule } from '../../domain/rules/rule.js'
import { hourMs, localAt } from '../../domain/time/zones.js'
import { reachOf, type FlagRow } from '../../metrics/anomalies/anomalies.js'
import type { AnomalyKind } from '../../metrics/anomalies/anomaly-tests.js'
import type { Held } from '../../rules/held.js'
import { defaultAnomalyOptions } from '../anomalies/anomalies.js'
import { oneByOne } from './judgement.js'
import { askFlags } from '../anomalies/flags.js'
import type { Question } from '../question.js'

export const judgeUnusual = oneByOne(judgeRule)

async function judgeRule(question: Question, rule: Rule, steps: number): Promise<readonly Held[]> {
  const { asOf, scope } = question
  const window = rule.windowHours ?? 1
  const { tz } = scope
  // An hour more: the last whole hour of the clock before the oldest moment may begin before its window.
  const since = new Date(asOf.getTime() - (steps + window + 1) * hourMs).toISOString()
  const { historyDays, noiseScale, minShare, ...usual } = defaultAnomalyOptions(
    question.settings.config.bounds,
  )
  const minUsd = rule.minUsd === null ? usual.minUsd : Number(rule.minUsd)
  const span = hourSpan({ since, until: asOf.toISOString() }, asOf, reachOf(historyDays), tz)
  const by = rule.by === null ? [] : [dimensionOf(rule.by)]
  const filtered = { ...scope, filters: [...scope.filters, ...rule.filters] }
  const kinds = (rule.tests ?? []) as readonly AnomalyKind[]
  const rows = await askFlags(question, {
    scope: filtered,
    span,
    by,
    historyDays,
    kinds,
    noiseScale: rule.sensitivity === null ? noiseScale : 1 / rule.sensitivity,
    method: 'likelihood',
    minShare: rule.minShare ?? minShare,
    minUsd,
  })
  const flagged = rows.filter((row) => matters(row, by.length, minUsd))
  return Array.from({ length: steps }, (_, step) => {
    // The hour that runs at this moment; those before it are whole.
    const running = Math.floor(localAt(asOf.getTime() - step * hourMs, tz) / hourMs)
    return flagged
      .filter(({ hour }) => Number(hour) < running && Number(hour) >= running - window)
      .map((row) => heldOf(row, rule, step, tz))
  }).flatMap((found) => latestOfEach(found))
}

const matters = ({ kind, family, cost_usd, norm_usd }: FlagRow, wanted: number, minUsd: number): boolean =>
  kind !== 'account' && kind !== 'first_spend' && family === wanted && Math.abs(cost_usd - norm_usd) >= minUsd

function heldOf(
  { kind, family, value, hour, span_hours, cost_usd, norm_usd }: FlagRow,
  rule: Rule,
  step: number,
  tz: string,
): Held {
  const end = hourIso(hourStart(Number(hour) + 1, tz))
  return {
    rule,
    step,
    dimension: rule.by,
    value: family === 0 ? null : value,
    measured: cost_usd,
    bound: norm_usd,
    details: { norm_usd, hours: span_hours === 1 ? 'an hour' : `${span_hours} hours`, hour: end, test: kind },
  }
}

/** One a subject: its youngest hour, and of that the test with the most excess. */
function latestOfEach(found: readonly Held[]): readonly Held[] {
  const subjects = new Map<string | null, Held>()
  const excess = ({ measured, bound }: Held): number => Math.abs(Number(measured) - Number(bound))
  for (const one of found) {
    const before = subjects.get(one.value)
    const [hour, last] = [String(one.details['hour']), String(before?.details['hour'])]
    if (before === undefined || hour > last || (hour === last && excess(one) > excess(before)))
      subjects.set(one.value, one)
  }
  return [...subjects.values()]
}
