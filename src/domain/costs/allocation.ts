/** Cost centers: `allocate` of the config. Which calls are of which, and how the cost that is nobody's own is shared. */
import type { Dimension } from '../dimensions.js'
import type { Filter, Scope } from '../scope.js'
import { UserError } from '../../errors.js'
import { centerColumn } from './basis.js'

/** The cost center of what has none. */
export const sharedCenter = '(shared)'

/** What of the cost centers' own calls a share may be of. */
export const shareBases = ['cost', 'tokens', 'calls'] as const
export type ShareBasis = (typeof shareBases)[number]

/** How an amount is shared: like the centers' own calls of its UTC month, or in fixed parts. */
export type Sharing =
  | { readonly by: ShareBasis }
  /** By cost center, whole numbers that are parts of their sum. */
  | { readonly to: Readonly<Record<string, bigint>> }

export interface SharedRule {
  readonly sharing: Sharing
  /** Calls that it is for, whether they have a cost center or not; absent: those that have none. */
  readonly where?: readonly Filter[]
}

/** What is paid a month, whatever calls there are. */
export interface MonthlyCost {
  readonly name: string
  /** USD a calendar month (UTC), exact decimal. */
  readonly usd: string
  /** First day, ISO 8601 UTC midnight. */
  readonly since: string
  /** First day that it is not paid for; absent: it goes on. */
  readonly until?: string
  readonly sharing: Sharing
}

export interface Allocation {
  /** Dimension whose value is the cost center of a call. */
  readonly from: string
  /** Cost centers that stand for several values; a value of none is its own. */
  readonly centers: Readonly<Record<string, readonly string[]>>
  /** Of a call the first that fits holds; a call without any, and without a center, stays `(shared)`. */
  readonly shared: readonly SharedRule[]
  readonly costs: readonly MonthlyCost[]
}

/** Columns that the parts of a call's cost have from the call, so that its labels still add up. */
export const carriedColumns = [
  'provider',
  'request_model',
  'response_model',
  'model',
  'feature',
  'endpoint',
  'customer',
  'project',
  'team',
  'environment',
  'prompt_hash',
  'prompt_name',
  'service_tier',
  'speed',
  'region',
  'tags',
] as const

const isCarried = (dimension: Dimension): boolean => {
  switch (dimension.kind) {
    case 'time':
    case 'tag':
    case 'center':
      return true
    case 'column':
      return carriedColumns.some((one) => one === dimension.key)
    case 'either':
      return dimension.columns.every((column) => carriedColumns.some((one) => one === column))
    case 'group':
      return isCarried(dimension.of)
  }
}

/** Whether an answer is about cost centers. */
export const namesCenters = (by: readonly Dimension[], filters: Scope['filters']): boolean =>
  by.some(({ kind }) => kind === 'center') || filters.some(({ dimension }) => dimension === centerColumn)

/**
 * @param asked dimensions that the answer groups or filters by
 * @throws UserError (usage) for one by which the parts of a shared cost cannot be told
 */
export function assertCarried(asked: readonly Dimension[]): void {
  const other = asked.find((dimension) => !isCarried(dimension))
  if (other === undefined) return
  throw new UserError(`${other.key} does not go with ${centerColumn}`, {
    code: 'usage',
    hint: 'What a cost center gets of shared cost keeps the time, provider, model, feature, endpoint, customer, project, team, environment, prompt, region and tags of the calls, not who made one or how it ended.',
  })
}
