/**
 * config: the user's settings file, found upward from the working directory, then in the platform's
 * config folder. Flags and environment win over it.
 */
import { noGroups, type ValueGroups } from '../domain/groups.js'
import { devNull } from 'node:os'
import { resolve } from 'node:path'
import type { CostBasis } from '../domain/costs/basis.js'
import type { Allocation } from '../domain/costs/allocation.js'
import type { ContractTerm } from '../domain/costs/contract.js'
import type { Rollups } from '../domain/rollups.js'
import { defaultBounds, type Bounds } from '../domain/bounds.js'
import type { Budget, CapRules } from '../domain/budgets/budget.js'
import type { Plan } from '../domain/budgets/plan.js'
import type { Rule } from '../domain/rules/rule.js'
import type { ChannelConfig } from '../domain/rules/channels.js'
import { findConfig, readTree, type ConfigText } from './file.js'
import type { GuardConfig } from './guard.js'
import type { OptionName } from './options.js'
import type { Needing } from './needs.js'

/** A saved way to read one kind of log. */
export interface Preset {
  readonly from?: string
  /** By field of a call, or `tag.<name>`. */
  readonly map?: Readonly<Record<string, string>>
  readonly set?: Readonly<Record<string, string>>
}

export interface Config {
  /** The file these settings came from; undefined when there is none. */
  readonly path?: string
  /** Of a file that was found on the way up: since when it is trusted; null: it has nothing that needs it. */
  readonly trustedSince?: string | null
  /** Texts as the options would give them; paths are absolute. */
  readonly options: Readonly<Partial<Record<OptionName, string>>>
  /** Files with price overrides, as absolute paths. */
  readonly prices: readonly string[]
  /** Where `prices update` takes prices from without an argument. */
  readonly priceUpdateUrl?: string
  readonly costBasis: CostBasis
  /** When the store has cubes; absent: where it is large. */
  readonly rollups?: Rollups
  /** Calls in scope from which on quantiles are read from sketches; absent: the usual number. */
  readonly approximateAbove?: number
  readonly presets: Readonly<Record<string, Preset>>
  /** Named sets of values, for --where. */
  readonly groups: ValueGroups
  readonly bounds: Bounds
  readonly budgets: readonly Budget[]
  readonly userCaps: CapRules
  /** Subscriptions; absent: none. */
  readonly plans?: readonly Plan[]
  /** IANA zone in which days begin, by biller; absent: UTC. */
  readonly billZones?: Readonly<Record<string, string>>
  /** What is paid by contract; absent: list prices. */
  readonly contracts?: readonly ContractTerm[]
  /** Whose cost it is; absent: no cost centers. */
  readonly allocation?: Allocation
  /** What `llmcost check` watches, in the order of the file. */
  readonly rules: readonly Rule[]
  /** How `llmcost/guard` enforces budgets and caps. */
  readonly guard: GuardConfig
  /** Channels that alerts go to. */
  readonly notify: readonly ChannelConfig[]
  /** File of user_id, tier and monthly_revenue, absolute. */
  readonly userTiers?: string
  /** File of currency, valid_from and usd, absolute. */
  readonly currencyRates?: string
  /** File of day, currency and rate, absolute. */
  readonly exchangeRates?: string
  /** Logs are read where they are named alone. */
  readonly discover?: false
}

/** What holds where the file says nothing. */
const defaults = {
  options: {},
  prices: [],
  costBasis: 'list-first',
  presets: {},
  groups: noGroups,
  bounds: defaultBounds,
  budgets: [],
  userCaps: {},
  rules: [],
  guard: {},
  notify: [],
} as const satisfies Config

/** Names that a file may use and that other folders know. */
export interface KnownNames {
  /** What `--format` knows. */
  readonly formats: readonly string[]
  /** What `--from` knows. */
  readonly importers: readonly string[]
}

export interface ConfigRequest {
  readonly cwd: string
  /** The file that is named; must exist when given. The null device: no config file at all. */
  readonly explicit?: string | undefined
  /** What names it, for errors: `--config`. */
  readonly said?: string
  /** Asked for where there is a file. */
  readonly known: () => Promise<KnownNames>
}

/**
 * Reads the config file. Without one nothing is loaded for it. A file that is named, or lies in the
 * platform's folder, is the user's; any other may be somebody else's, and is read when it is trusted, or has
 * nothing that needs it.
 * @throws UserError (usage) that names the file, the line and the key
 */
export async function loadConfig({ cwd, explicit, said, known }: ConfigRequest): Promise<Config> {
  if (explicit === devNull) return defaults
  const found = explicit ? { path: resolve(cwd, explicit), isOwn: true } : await findConfig(cwd)
  if (found === undefined) return defaults
  const { path, isOwn } = found
  const names = await known()
  const text = await readTree(path, explicit ? (said ?? 'LLMCOST_CONFIG') : undefined)
  if (isOwn) return configFrom(text, path, names)
  const { assertTrusted } = await import('./trust.js')
  const trustedSince = await assertTrusted({
    path,
    digest: text.digest,
    needs: await needsOf(text, path, names),
  })
  return { ...(await configFrom(text, path, names)), trustedSince }
}

/** A config file on its way to being trusted: what is in it, read once. */
export interface Looked {
  readonly digest: string
  readonly needs: readonly Needing[]
}

/**
 * What in a file needs trust, when the file is right as a whole.
 * @throws UserError (usage) that names the file, the line and the key
 */
export async function lookAt(path: string, names: KnownNames): Promise<Looked> {
  const text = await readTree(path, 'the name')
  await configFrom(text, path, names)
  return { digest: text.digest, needs: await needsOf(text, path, names) }
}

async function needsOf({ tree }: ConfigText, path: string, names: KnownNames): Promise<readonly Needing[]> {
  const { needsIn } = await import('./needs.js')
  const { configKeys } = await import('./keys.js')
  return needsIn(tree, path, configKeys(names))
}

async function configFrom({ tree }: ConfigText, path: string, names: KnownNames): Promise<Config> {
  const { configShape } = await import('./keys.js')
  const {
    prices,
    price_update_url,
    cost_basis,
    rollups,
    approximate_above,
    presets,
    groups,
    bounds,
    budgets,
    user_caps,
    notify,
    user_tiers,
    currency_rates,
    exchange_rates,
    rules,
    discover,
    guard,
    plans,
    contracts,
    bill_zones,
    allocate,
    $schema: _,
    ...options
  } = configShape(names).read(tree, { file: path, key: '' })
  return {
    path,
    options,
    prices: prices ?? defaults.prices,
    costBasis: cost_basis ?? defaults.costBasis,
    presets: presets ?? defaults.presets,
    groups: groups ?? defaults.groups,
    bounds: { ...defaultBounds, ...bounds },
    budgets: budgets ?? defaults.budgets,
    userCaps: user_caps ?? defaults.userCaps,
    rules: rules ?? defaults.rules,
    guard: guard ?? defaults.guard,
    notify: notify ?? defaults.notify,
    ...(plans === undefined ? {} : { plans }),
    ...(bill_zones === undefined ? {} : { billZones: bill_zones }),
    ...(contracts === undefined ? {} : { contracts }),
    ...(allocate === undefined ? {} : { allocation: allocate }),
    ...(rollups === undefined ? {} : { rollups }),
    ...(approximate_above === undefined ? {} : { approximateAbove: approximate_above }),
    ...(discover === false ? { discover } : {}),
    ...(price_update_url === undefined ? {} : { priceUpdateUrl: price_update_url }),
    ...(user_tiers === undefined ? {} : { userTiers: user_tiers }),
    ...(currency_rates === undefined ? {} : { currencyRates: currency_rates }),
    ...(exchange_rates === undefined ? {} : { exchangeRates: exchange_rates }),
  }
}
