/**
 * config: the user's settings file, found upward from the working directory, then in the platform's
 * config folder. Flags and environment win over it.
 */
import { devNull } from 'node:os'
import { resolve } from 'node:path'
import type { CostBasis } from '../domain/basis.js'
import { defaultBounds, type Bounds } from '../domain/bounds.js'
import type { Budget, UserCaps } from '../domain/budget.js'
import type { Rule } from '../domain/rule.js'
import type { ChannelConfig } from '../domain/channels.js'
import { findConfig, readTree } from './file.js'
import type { OptionName } from './options.js'

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
  /** Texts as the options would give them; paths are absolute. */
  readonly options: Readonly<Partial<Record<OptionName, string>>>
  /** Files with price overrides, as absolute paths. */
  readonly prices: readonly string[]
  /** Where `prices update` takes prices from without an argument. */
  readonly priceUpdateUrl?: string
  readonly costBasis: CostBasis
  readonly presets: Readonly<Record<string, Preset>>
  readonly bounds: Bounds
  readonly budgets: readonly Budget[]
  readonly userCaps: UserCaps
  /** What `llmcost check` watches, in the order of the file. */
  readonly rules: readonly Rule[]
  /** Channels that alerts go to. */
  readonly notify: readonly ChannelConfig[]
  /** File of user_id, tier and monthly_revenue, absolute. */
  readonly userTiers?: string
  /** File of currency, valid_from and usd, absolute. */
  readonly currencyRates?: string
}

/** What holds where the file says nothing. */
const defaults = {
  options: {},
  prices: [],
  costBasis: 'list-first',
  presets: {},
  bounds: defaultBounds,
  budgets: [],
  userCaps: {},
  rules: [],
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
  /** Path from LLMCOST_CONFIG; must exist when given. The null device: no config file at all. */
  readonly explicit?: string | undefined
  /** Asked for where there is a file. */
  readonly known: () => Promise<KnownNames>
}

/**
 * Reads the config file. Without one nothing is loaded for it.
 * @throws UserError (usage) that names the file, the line and the key
 */
export async function loadConfig({ cwd, explicit, known }: ConfigRequest): Promise<Config> {
  if (explicit === devNull) return defaults
  const path = explicit ? resolve(cwd, explicit) : await findConfig(cwd)
  if (path === undefined) return defaults
  const tree = await readTree(path)
  const { configShape } = await import('./keys.js')
  const {
    prices,
    price_update_url,
    cost_basis,
    presets,
    bounds,
    budgets,
    user_caps,
    notify,
    user_tiers,
    currency_rates,
    rules,
    $schema: _,
    ...options
  } = configShape(await known()).read(tree, { file: path, key: '' })
  return {
    path,
    options,
    prices: prices ?? defaults.prices,
    costBasis: cost_basis ?? defaults.costBasis,
    presets: presets ?? defaults.presets,
    bounds: { ...defaultBounds, ...bounds },
    budgets: budgets ?? defaults.budgets,
    userCaps: user_caps ?? defaults.userCaps,
    rules: rules ?? defaults.rules,
    notify: notify ?? defaults.notify,
    ...(price_update_url === undefined ? {} : { priceUpdateUrl: price_update_url }),
    ...(user_tiers === undefined ? {} : { userTiers: user_tiers }),
    ...(currency_rates === undefined ? {} : { currencyRates: currency_rates }),
  }
}
