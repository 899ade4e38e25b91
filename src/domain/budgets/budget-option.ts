/** `--budget` as people write it: `500`, `daily:20`, `monthly:200 feature=search`. */
import { UserError } from '../../errors.js'
import { readUsd } from '../costs/amount.js'
import { budgetPeriods, defaultWarnAt, type Budget } from './budget.js'
import { parseFilters } from '../filters.js'
import { noGroups } from '../groups.js'
import type { Filter } from '../scope.js'

const hint =
  "Write --budget 500 (a month, everything), --budget daily:20, or --budget 'monthly:200 feature=search'."

/**
 * One budget: a period with a colon (a month without one), USD, then filters as `--where` takes them, with
 * spaces between. A value may contain spaces: `team=data science env=production` are two filters.
 * @throws UserError (usage)
 */
export function parseBudget(text: string): Budget {
  const [, name = 'monthly', amount = '', rest = ''] =
    /^\s*(?:([a-z]+)\s*:\s*)?(\S+)(?:\s+(\S.*?))?\s*$/is.exec(text) ?? []
  const period = budgetPeriods.find((known) => known === name.toLowerCase())
  if (period === undefined) {
    throw wrong(`--budget ${text}: ${name} is not a period (${budgetPeriods.join(', ')})`)
  }
  const usd = readUsd(amount)
  if (usd === undefined || usd === '0') throw wrong(`--budget ${text}: ${amount} is not an amount above 0`)
  const filters = filterTexts(rest).flatMap((one) => filtersOf(one, text))
  return { name: budgetName(period, filters), period, usd, filters, warnAt: defaultWarnAt }
}

/** `monthly feature=search`: what a budget is called that nobody named. */
export function budgetName(period: Budget['period'], filters: readonly Filter[]): string {
  const texts = filters.map(({ dimension, operator, value }, i) => {
    const before = filters[i - 1]
    const goes = operator === '=' && before?.operator === '=' && before.dimension === dimension
    return goes ? `,${value}` : ` ${dimension}${operator}${value}`
  })
  return period + texts.join('')
}

const wrong = (message: string, more = hint): UserError =>
  new UserError(message, { code: 'usage', hint: more })

/** A word with an operator begins a filter; words without one belong to the value before them. */
function filterTexts(text: string): string[] {
  return text.trim() === '' ? [] : text.trim().split(/\s+(?=[\w.-]+(?:!=|=|~))/)
}

/** A list of values is any of them, as in `--where`. */
function filtersOf(text: string, option: string): readonly Filter[] {
  if (/(?:^|=)\s*@|,\s*@|^group\./i.test(text))
    throw wrong(
      `--budget ${option}: a budget names its values, not groups of them`,
      'Write feature=search,chat; a value that begins with @: user=\\@ada.',
    )
  try {
    return parseFilters([text], noGroups, '--budget').filters
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw wrong(
      `--budget ${option}: ${error.message.replace(/^--budget cannot/, 'a filter cannot').replace(/^--budget /, '')}`,
      error.hint,
    )
  }
}
