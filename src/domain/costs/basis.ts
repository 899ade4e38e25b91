/** Which cost counts when both are known: see `cost_basis` in the config. */
export type CostBasis = 'list-first' | 'reported-first'

/** What an answer may count as money, in the place of what counts by `CostBasis`. */
export const moneyBases = ['list', 'reported', 'contract', 'billed'] as const

export type MoneyBasis = (typeof moneyBases)[number]

/** What the money of an answer is, for people: after its title. */
export const basisWords: Readonly<Record<MoneyBasis, string>> = {
  list: 'list cost',
  reported: 'cost as logged',
  contract: 'cost by contract',
  billed: 'cost as billed',
}

/**
 * Column of calls on a basis that has money of no call: what that is, such as `(not in the logs: tax)`. NULL of calls.
 * In an answer by any label it stands in the place of the label.
 */
export const besideCalls = 'beside_calls'

/** Source of rows for such money: no importer's. */
export const besideSource = 'billing'

/** Bases that have money of no call. */
export const hasMoneyBeside = (basis: MoneyBasis | undefined): boolean =>
  basis === 'contract' || basis === 'billed'

/** Column of calls once their cost is allocated: whose it is. */
export const centerColumn = 'cost_center'

/** Source of rows that are no calls, but parts of the cost of some. */
export const allocationSource = 'allocation'
