/** Judges rules over calls: at as-of for `llmcost check`, and at every hour of some time for its dry run. */
import type { Rule } from '../domain/rule.js'
import type { FiredRule } from '../rules/fired.js'
import { firedRules, historyOf, sinceSteps, type Held, type RuleHistory } from '../rules/held.js'
import type { Question } from './question.js'
import { messageOf, type FailedRule, type IdleRule, type Judge, type Judgement } from './judgement.js'
import { ruleJudges } from './rule-judges.js'

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
}

/** What fires at as-of. The question's window does not count; its filters hold beside those of each rule. */
export async function checkRules(question: Question, rules: readonly Rule[]): Promise<CheckAnswer> {
  const { held, failed, idle } = await judge(question, rules, sinceSteps + 1)
  const out = new Set([...failed, ...idle].map(({ rule }) => rule))
  return {
    fired: firedRules(held, question.asOf),
    judged: rules.filter((rule) => !out.has(rule)),
    failed,
    idle,
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
  const { held, failed, idle } = await judge(question, rules, steps + 1)
  const out = new Set([...failed, ...idle].map(({ rule }) => rule))
  const judged = rules.filter((rule) => !out.has(rule))
  return {
    histories: judged.map((rule) => historyOf(rule, held, { asOf: question.asOf, steps, examples: 3 })),
    failed,
    idle,
  }
}

/** Rules of one kind of question are asked together; one that fails stops no other. */
export async function judge(question: Question, rules: readonly Rule[], steps: number): Promise<Judged> {
  const held: Held[] = []
  const failed: FailedRule[] = []
  const idle: IdleRule[] = []
  for (const { kinds, judge: ask } of ruleJudges) {
    const own = rules.filter(({ kind }) => kinds.includes(kind))
    if (own.length === 0) continue
    const found = await attempted(question, own, steps, ask)
    held.push(...found.held)
    failed.push(...(found.failed ?? []))
    idle.push(...(found.idle ?? []))
  }
  const place = new Map(rules.map((rule, i) => [rule, i]))
  const at = (rule: Rule): number => place.get(rule) ?? 0
  return {
    held: held.toSorted((a, b) => at(a.rule) - at(b.rule)),
    failed: failed.toSorted((a, b) => at(a.rule) - at(b.rule)),
    idle: idle.toSorted((a, b) => at(a.rule) - at(b.rule)),
  }
}

async function attempted(
  question: Question,
  rules: readonly Rule[],
  steps: number,
  ask: Judge,
): Promise<Judgement> {
  try {
    return await ask(question, rules, steps)
  } catch (error) {
    if (process.env['LLMCOST_DEBUG']) throw error
    return { held: [], failed: rules.map((rule) => ({ rule, message: messageOf(error) })) }
  }
}
