/** Judges rules over calls: at as-of for `llmcost check`, and at every hour of some time for its dry run. */
import type { Rule } from '../../domain/rules/rule.js'
import type { FiredRule } from '../../rules/fired.js'
import {
  firedRules,
  historyOf,
  longHeld,
  mostSinceSteps,
  sinceSteps,
  type Held,
  type RuleHistory,
} from '../../rules/held.js'
import type { Question } from '../question.js'
import { messageOf, type FailedRule, type IdleRule, type Judgement } from './judgement.js'
import { ruleJudges } from './registry.js'

interface Judged {
  readonly held: readonly Held[]
  readonly failed: readonly FailedRule[]
  readonly idle: readonly IdleRule[]
}

export interface CheckAnswer {
  readonly fired: readonly FiredRule[]
  /** Rules that were judged, fired or not. */
  readonly judged: readonly Rule[]
  readonly failed: readonly FailedRule[]
  readonly idle: readonly IdleRule[]
  /** There is no call at all: that nothing fires says nothing. */
  readonly isEmpty?: boolean
}

/** What fires at as-of. The question's window does not count; its filters hold beside those of each rule. */
export async function checkRules(question: Question, rules: readonly Rule[]): Promise<CheckAnswer> {
  const { held: recent, failed, idle } = await judge(question, rules, sinceSteps + 1)
  // Of a person's statement the past is not asked.
  const long = longHeld(recent, sinceSteps + 1).filter(({ kind }) => kind !== 'sql')
  const older = long.length === 0 ? undefined : await judge(question, long, mostSinceSteps + 1)
  const held =
    older === undefined ? recent : [...recent.filter(({ rule }) => !long.includes(rule)), ...older.held]
  const out = new Set([...failed, ...idle].map(({ rule }) => rule))
  return {
    fired: firedRules(inOrder(held, rules), question.asOf),
    judged: rules.filter((rule) => !out.has(rule)),
    failed,
    idle,
    isEmpty: question.history.last_ts === null,
  }
}

export interface DryRunAnswer {
  readonly histories: readonly RuleHistory[]
  readonly failed: readonly FailedRule[]
  readonly idle: readonly IdleRule[]
}

/** How often each rule would have fired at the whole hours before as-of. @param steps how many, as-of the first */
export async function dryRunRules(
  question: Question,
  rules: readonly Rule[],
  steps: number,
): Promise<DryRunAnswer> {
  // One moment more tells a start from what fired before already.
  const { held, failed, idle } = await judge(question, rules, steps + 1, true)
  const out = new Set([...failed, ...idle].map(({ rule }) => rule))
  const judged = rules.filter((rule) => !out.has(rule))
  return {
    histories: judged.map((rule) => historyOf(rule, held, { asOf: question.asOf, steps, examples: 3 })),
    failed,
    idle,
  }
}

/** Rules of one kind of question are asked together; one that fails stops no other. */
export async function judge(
  question: Question,
  rules: readonly Rule[],
  steps: number,
  isDryRun = false,
): Promise<Judged> {
  const held: Held[] = []
  const failed: FailedRule[] = []
  const idle: IdleRule[] = []
  for (const { kinds, judge: ask } of ruleJudges) {
    const own = rules.filter(({ kind }) => kinds.includes(kind))
    if (own.length === 0) continue
    const found = await attempted(own, () => ask(question, own, steps, isDryRun))
    // One by one: a thousand users over a month of hours are more than a call can take.
    for (const one of found.held) held.push(one)
    failed.push(...(found.failed ?? []))
    idle.push(...(found.idle ?? []))
  }
  return { held: inOrder(held, rules), failed: inOrder(failed, rules), idle: inOrder(idle, rules) }
}

/** As the rules stand in the config file. */
function inOrder<T extends { readonly rule: Rule }>(all: readonly T[], rules: readonly Rule[]): readonly T[] {
  const place = new Map(rules.map((rule, i) => [rule, i]))
  return all.toSorted((a, b) => (place.get(a.rule) ?? 0) - (place.get(b.rule) ?? 0))
}

async function attempted(rules: readonly Rule[], ask: () => Promise<Judgement>): Promise<Judgement> {
  try {
    return await ask()
  } catch (error) {
    if (process.env['LLMCOST_DEBUG']) throw error
    return { held: [], failed: rules.map((rule) => ({ rule, message: messageOf(error) })) }
  }
}
