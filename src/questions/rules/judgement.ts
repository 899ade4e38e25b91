/** What judging rules answers with. */
import type { Rule } from '../../domain/rules/rule.js'
import { UserError } from '../../errors.js'
import type { Held } from '../../rules/held.js'
import type { Question } from '../question.js'

/** A rule that could not be judged because it is wrong, or failed: its SQL, say. */
export interface FailedRule {
  readonly rule: Rule
  readonly message: string
}

/** A rule for which there is nothing to judge yet: a budget rule without a budget. */
export interface IdleRule {
  readonly rule: Rule
  readonly reason: string
}

export interface Judgement {
  readonly held: readonly Held[]
  readonly failed?: readonly FailedRule[]
  readonly idle?: readonly IdleRule[]
}

/**
 * @param steps moments to judge, as-of the first; beyond these as many as the rule's `for` asks
 * @param isDryRun the past is what is asked for, not only since when what holds now has held
 */
export type Judge = (
  question: Question,
  rules: readonly Rule[],
  steps: number,
  isDryRun: boolean,
) => Promise<Judgement>

/**
 * A judge that asks for each rule on its own.
 * @param judgeRule takes the moments to judge, those that the rule's `for` asks for included
 */
export const oneByOne =
  (judgeRule: (question: Question, rule: Rule, steps: number) => Promise<readonly Held[]>): Judge =>
  async (question, rules, steps) => {
    const held: Held[] = []
    for (const rule of rules)
      for (const one of await judgeRule(question, rule, steps + rule.forHours)) held.push(one)
    return { held }
  }

/** DuckDB's own words about a statement are for whoever wrote it. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const hint = error instanceof UserError && error.hint !== undefined ? `. ${error.hint}` : ''
  return text.split('\n')[0] + hint
}
