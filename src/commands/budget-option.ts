/** `--budget`, of every command that holds costs against budgets. */
import type { Config } from '../config/config.js'
import type { Budget } from '../domain/budgets/budget.js'
import type { OptionSpec } from './command.js'

export const budgetOption: OptionSpec = {
  flags: '--budget <budget>',
  about: "500 (a month), daily:20 or 'monthly:200 feature=search', not the config's",
  repeatable: true,
  group: 'Question',
}

/** Those of `--budget`, else those of the config file. */
export function budgetsOf(given: readonly Budget[], config: Pick<Config, 'budgets'>): readonly Budget[] {
  return given.length > 0 ? given : config.budgets
}
