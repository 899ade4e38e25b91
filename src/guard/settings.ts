/** What a guard takes from the config: caps, budgets, zone, prices, and how it behaves. */
import { join, resolve } from 'node:path'
import { readTree } from '../config/file.js'
import { platformFolders } from '../config/folders.js'
import type { GuardConfig } from '../config/guard.js'
import { readJson } from '../config/json.js'
import { limitKeys } from '../config/limit-keys.js'
import { programKeys } from '../config/options.js'
import { group, unknownKey } from '../config/shapes.js'
import type { Entry, Tree } from '../config/tree.js'
import { readUserTiers } from '../config/user-tiers.js'
import type { Budget, CapRules, UserCaps } from '../domain/budgets/budget.js'
import { capsOf } from '../domain/budgets/cap-limits.js'
import { defaultGuard } from '../domain/budgets/guard-defaults.js'
import { picos, shareOf } from '../domain/costs/amount.js'
import type { CostBasis } from '../domain/costs/basis.js'
import { readDecimal } from '../domain/costs/decimal.js'
import { mostNanos, nanosDown, type Nanos } from '../domain/costs/nanos.js'
import { unknownBefore } from '../domain/budgets/filter-match.js'
import { UserError } from '../errors.js'
import type { GuardConfigObject } from './request.js'
import { loadPriceBook, type PriceBook } from '../pricing/book.js'

export interface GuardedBudget {
  readonly budget: Budget
  readonly limit: Nanos
  readonly warnAt: readonly { readonly share: number; readonly level: Nanos }[]
  readonly downgradeAbove: Nanos | null
  readonly blockAbove: Nanos | null
}

export interface GuardSettings {
  readonly tz: string
  readonly costBasis: CostBasis
  /** Caps of a user. @param tier as the call names it, else that of the file of tiers */
  readonly capsOf: (user: string, tier: string | undefined) => UserCaps
  readonly budgets: readonly GuardedBudget[]
  readonly guard: Required<GuardConfig>
  readonly book: PriceBook
}

/**
 * @param config path of the config file, or its content
 * @throws UserError (usage) that names the file, the line and the key
 */
export async function readSettings(config: string | GuardConfigObject): Promise<GuardSettings> {
  const isPath = typeof config === 'string'
  const file = resolve(isPath ? config : 'config')
  const tree = isPath
    ? (await readTree(file, 'the config that createGuard was given')).tree
    : readJson(JSON.stringify(config, null, 2))
  const {
    tz = 'UTC',
    prices = [],
    cost_basis,
    user_tiers,
    user_caps = {},
    budgets = [],
    guard = {},
  } = readOf(tree, file)
  assertCounted(user_caps, file)
  const tiers = new Map(
    user_tiers === undefined ? [] : readUserTiers(user_tiers).map(({ userId, tier }) => [userId, tier]),
  )
  return {
    tz,
    costBasis: cost_basis ?? 'list-first',
    capsOf: (user, tier) => capsOf(user_caps, user, tier ?? tiers.get(user)),
    budgets: budgets.flatMap((budget) => guarded(budget, file)),
    guard: { ...defaultGuard, ...guard },
    book: await loadPriceBook({ overrideFiles: prices, updatesFile: await updatesFile() }),
  }
}

function readOf(tree: Tree, file: string) {
  const place = { file, key: '' }
  const isRead = ({ key }: Entry): boolean => Object.hasOwn(limitKeys, key)
  const entries = tree.kind === 'group' ? tree.entries : []
  // What is misspelt would be a cap that does not hold.
  const unknown = entries.find((entry) => !isRead(entry) && !programKeys.some((name) => name === entry.key))
  if (unknown !== undefined) throw unknownKey(unknown, place, [...Object.keys(limitKeys), ...programKeys])
  const own = tree.kind === 'group' ? { ...tree, entries: entries.filter(isRead) } : tree
  return group('a group of keys, such as user_caps: { daily_usd: 5 }', limitKeys).read(own, place)
}

/** As the program finds them: what `llmcost prices update` took in. */
async function updatesFile(): Promise<string | undefined> {
  const given = process.env['LLMCOST_PRICE_UPDATES']
  if (given !== undefined && given !== '') return resolve(given)
  const folders = await platformFolders()
  return folders && join(folders.data, 'price-updates.json')
}

function assertCounted({ tiers = {}, users = {}, ...all }: CapRules, file: string): void {
  for (const caps of [all, ...Object.values(tiers), ...Object.values(users)])
    for (const [name, value] of Object.entries(caps))
      if (typeof value === 'string' && nanosDown(picos(value)) > mostNanos)
        throw tooMuch(`${name} of user_caps`, file)
}

const tooMuch = (what: string, location: string): UserError =>
  new UserError(`${what} is more than a guard counts exactly`, {
    code: 'usage',
    location,
    hint: 'Give at most 9000000 USD.',
  })

/** None for one that is only reported, as nobody knows before a call whether it falls under it. */
function guarded(budget: Budget, file: string): readonly GuardedBudget[] {
  const unknown = unknownBefore(budget.filters)
  if (unknown !== undefined) {
    if (budget.downgradeAt === undefined && budget.blockAt === undefined) return []
    throw new UserError(
      `budget ${budget.name} cannot be guarded: ${unknown.dimension} is not known before a call`,
      { code: 'usage', location: file, hint: 'Leave out its downgrade_at and block_at.' },
    )
  }
  const limit = picos(budget.usd)
  const levelOf = (share: number): Nanos => nanosDown(shareOf(readDecimal(share)!, limit))
  const most = Math.max(1, ...budget.warnAt, budget.downgradeAt ?? 0, budget.blockAt ?? 0)
  if (levelOf(most) > mostNanos) throw tooMuch(`budget ${budget.name}`, file)
  const above = (share: number | undefined): Nanos | null => (share === undefined ? null : levelOf(share))
  return [
    {
      budget,
      limit: nanosDown(limit),
      warnAt: budget.warnAt.map((share) => ({ share, level: levelOf(share) })),
      downgradeAbove: above(budget.downgradeAt),
      blockAbove: above(budget.blockAt),
    },
  ]
}
