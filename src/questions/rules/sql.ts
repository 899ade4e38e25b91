/** sql: each row that a person's own statement answers with. Asked as `llmcost sql` asks. */
import { timestampText } from '../../domain/words/quoting.js'
import { askApart } from '../../db/ask-apart.js'
import { askHere, type Asker } from '../../db/asker.js'
import type { Rule } from '../../domain/rules/rule.js'
import { UserError } from '../../errors.js'
import { hourMs } from '../../domain/time/zones.js'
import type { Held } from '../../rules/held.js'
import { messageOf, type FailedRule, type IdleRule, type Judgement } from './judgement.js'
import type { Question } from '../question.js'

/** Rows of one rule that count; more are a statement that lists rather than tells. */
const mostRows = 1000

const names = (rule: Rule, parameter: string): boolean =>
  new RegExp(String.raw`\$${parameter}\b`, 'i').test(rule.sql ?? '')

export async function judgeSql(
  question: Question,
  rules: readonly Rule[],
  steps: number,
  isDryRun: boolean,
): Promise<Judgement> {
  const { db, settings, fromInput } = question
  const asker = fromInput ? await askHere(db) : await askApart(settings.dbPath, settings.storeOptions)
  try {
    return await judgeWith(asker, question.asOf, rules, steps, isDryRun)
  } finally {
    asker.close()
  }
}

async function judgeWith(
  asker: Asker,
  asOf: Date,
  rules: readonly Rule[],
  steps: number,
  isDryRun: boolean,
): Promise<Judgement> {
  const held: Held[] = []
  const failed: FailedRule[] = []
  const idle: IdleRule[] = []
  for (const rule of rules) {
    // What a person's statement costs is not known: it runs no oftener than it must.
    const moments = (isDryRun ? steps : 1) + rule.forHours
    try {
      await asker.assertSelect(rule.sql ?? '')
      if (isDryRun && !names(rule, 'as_of')) {
        idle.push({
          rule,
          reason: 'its statement does not name $as_of, so that it says nothing of the past',
        })
        continue
      }
      for (let step = 0; step < moments; step++) held.push(...(await heldAt(asker, asOf, rule, step)))
    } catch (error) {
      failed.push({ rule, message: messageOf(error) })
    }
  }
  const wrong = new Set(failed.map(({ rule }) => rule))
  return { held: held.filter(({ rule }) => !wrong.has(rule)), failed, idle }
}

async function heldAt(asker: Asker, asOf: Date, rule: Rule, step: number): Promise<readonly Held[]> {
  const moment = asOf.getTime() - step * hourMs
  const at = (ms: number): string => timestampText(new Date(ms).toISOString())
  const params = {
    ...(names(rule, 'as_of') ? { as_of: at(moment) } : {}),
    ...(names(rule, 'since') ? { since: at(moment - (rule.windowHours ?? 1) * hourMs) } : {}),
  }
  const { rows } = await asker.ask(rule.sql ?? '', params)
  if (rows.length > mostRows) {
    throw new UserError(`the statement answers with ${rows.length} rows, more than ${mostRows}`, {
      code: 'usage',
      hint: 'Let it answer with what fires alone.',
    })
  }
  const seen = new Map<string, number>()
  return rows.map((row) => {
    const value = textOf(row['value'])
    const count = (seen.get(value ?? '') ?? 0) + 1
    seen.set(value ?? '', count)
    const measured = row['measured']
    return {
      rule,
      step,
      dimension: null,
      value,
      measured: typeof measured === 'number' || typeof measured === 'string' ? measured : textOf(measured),
      bound: null,
      details: { text: textOf(row['text']) ?? defaultText(value, textOf(measured)) },
      ...(count > 1 ? { part: String(count) } : {}),
    }
  })
}

const defaultText = (value: string | null, measured: string | null): string =>
  [value, measured].filter((part) => part !== null).join(': ') || 'a row was found'

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string'
    ? value
    : typeof value === 'object'
      ? JSON.stringify(value)
      : `${value as bigint}`
}
