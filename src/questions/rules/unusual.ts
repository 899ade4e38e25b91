/** unusual_cost: hours that `llmcost anomalies` flags, which judges each by the days before it alone. */
import { weekOf, weekStart } from '../../anomalies/folding.js'
import { toldHours } from '../../anomalies/week-ceiling.js'
import { dimensionOf } from '../../domain/dimensions.js'
import { hourIso, hourSpan, hourStart } from '../../domain/time/hours.js'
import type { Rule } from '../../domain/rules/rule.js'
import { hourMs, localAt } from '../../domain/time/zones.js'
import { reachOf, type FlagRow } from '../../metrics/anomalies/flags.js'
import type { AnomalyKind } from '../../metrics/anomalies/flags.js'
import type { Held } from '../../rules/held.js'
import { defaultAnomalyOptions } from '../anomalies/anomalies.js'
import { oneByOne } from './judgement.js'
import { askFlags } from '../anomalies/flags.js'
import type { Question } from '../question.js'
import { askCauses } from './unusual-causes.js'

export const judgeUnusual = oneByOne(judgeRule)

async function judgeRule(question: Question, rule: Rule, steps: number): Promise<readonly Held[]> {
  const { asOf, scope } = question
  const window = rule.windowHours ?? 1
  const { tz } = scope
  const runningAt = (step: number): number => Math.floor(localAt(asOf.getTime() - step * hourMs, tz) / hourMs)
  // An hour more: the last whole hour of the clock before the oldest moment may begin before its window.
  const since = asOf.getTime() - (steps + window + 1) * hourMs
  const flagged = await askUnusual(question, rule, since)
  if (flagged.length === 0) return []
  // What is told of by itself hangs on what else the week has brought.
  const week = hourStart(weekStart(weekOf(runningAt(steps) - window)), tz)
  const told = toldHours((await askUnusual(question, rule, Math.min(since, week))).map(unusualHour))
  const isTold = new Set([...told].map(({ row }) => keyOf(row)))
  const held = Array.from({ length: steps }, (_, step) => {
    // The hour that runs at this moment; those before it are whole.
    const running = runningAt(step)
    const found = flagged.filter(({ hour }) => Number(hour) < running && Number(hour) >= running - window)
    const own = latestOfEach(found.filter((row) => isTold.has(keyOf(row))))
    const others = new Set(found.map(({ value }) => value))
    return { step, own, folded: others.size - own.length }
  })
  const rows = [...new Set(held.flatMap(({ own }) => own))]
  const { historyDays, ...request } = settingOf(question, rule)
  const causes = await askCauses(question, rows, { ...request, historyDays })
  return held.flatMap(({ step, own, folded }) =>
    own.map((row) => heldOf(row, rule, { step, tz, cause: causes.get(row) ?? '', folded })),
  )
}

function settingOf({ scope, settings }: Question, rule: Rule) {
  const { historyDays, noiseScale, minShare, minUsd } = defaultAnomalyOptions(settings.config.bounds)
  return {
    scope: { ...scope, filters: [...scope.filters, ...rule.filters] },
    by: rule.by === null ? [] : [dimensionOf(rule.by)],
    historyDays,
    noiseScale: rule.sensitivity === null ? noiseScale : 1 / rule.sensitivity,
    minShare: rule.minShare ?? minShare,
    minUsd: rule.minUsd === null ? minUsd : Number(rule.minUsd),
  }
}

/** What is flagged from an instant to as-of, of the rule's own dimension. */
async function askUnusual(question: Question, rule: Rule, since: number): Promise<readonly FlagRow[]> {
  const { asOf, scope } = question
  const setting = settingOf(question, rule)
  const window = { since: new Date(since).toISOString(), until: asOf.toISOString() }
  const rows = await askFlags(question, {
    ...setting,
    span: hourSpan(window, asOf, reachOf(setting.historyDays), scope.tz),
    kinds: (rule.tests ?? []) as readonly AnomalyKind[],
    method: 'likelihood',
  })
  return rows.filter((row) => matters(row, setting.by.length, setting.minUsd))
}

const keyOf = ({ kind, value, hour }: FlagRow): string => JSON.stringify([kind, value, Number(hour)])

const excessOf = ({ cost_usd: cost, norm_usd: norm }: FlagRow): number => Math.abs(cost - norm)

const unusualHour = (row: FlagRow) => ({
  row,
  subject: row.value,
  hour: Number(row.hour),
  excessUsd: excessOf(row),
  strength: row.strength,
  dayUsd: row.usual_usd,
})

const matters = (row: FlagRow, wanted: number, minUsd: number): boolean =>
  row.kind !== 'account' && row.kind !== 'first_spend' && row.family === wanted && excessOf(row) >= minUsd

function heldOf(
  { kind, family, value, hour, span_hours, cost_usd, norm_usd }: FlagRow,
  rule: Rule,
  { step, tz, cause, folded }: { step: number; tz: string; cause: string; folded: number },
): Held {
  const end = hourIso(hourStart(Number(hour) + 1, tz))
  return {
    rule,
    step,
    dimension: rule.by,
    value: family === 0 ? null : value,
    measured: cost_usd,
    bound: norm_usd,
    details: {
      norm_usd,
      hours: span_hours === 1 ? 'an hour' : `${span_hours} hours`,
      hour: end,
      test: kind,
      cause: cause === '' ? null : cause,
      folded,
    },
  }
}

/** One a subject: its youngest hour, and of that the test with the most excess. */
function latestOfEach(found: readonly FlagRow[]): readonly FlagRow[] {
  const subjects = new Map<string, FlagRow>()
  for (const one of found) {
    const before = subjects.get(one.value)
    const [hour, last] = [Number(one.hour), Number(before?.hour ?? -Infinity)]
    if (before === undefined || hour > last || (hour === last && excessOf(one) > excessOf(before)))
      subjects.set(one.value, one)
  }
  return [...subjects.values()]
}
