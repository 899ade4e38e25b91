/**
 * config: the user's settings file, found upward from the working directory, then in the platform's
 * config folder. Flags and environment win over it.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import envPaths from 'env-paths'
import { UserError } from '../errors.js'
import type { CostBasis } from '../domain/basis.js'
import { defaultBounds, type Bounds } from '../domain/bounds.js'
import type { Budget, UserCaps } from '../domain/budget.js'

/** A saved way to read one kind of log. */
export interface Preset {
  readonly from?: string
  readonly map?: Readonly<Record<string, string>>
  readonly set?: Readonly<Record<string, string>>
}

export interface Config {
  /** The file these settings came from; undefined when there is none. */
  readonly path?: string
  readonly db?: string
  /** Files with price overrides, as absolute paths. */
  readonly prices: readonly string[]
  readonly costBasis: CostBasis
  readonly presets: Readonly<Record<string, Preset>>
  readonly bounds: Bounds
  readonly budgets: readonly Budget[]
  readonly userCaps: UserCaps
  /** File of user_id, tier and monthly_revenue, absolute. */
  readonly userTiers?: string
}

/** What holds where the file says nothing. */
const defaults = {
  prices: [],
  costBasis: 'list-first',
  presets: {},
  bounds: defaultBounds,
  budgets: [],
  userCaps: {},
} as const satisfies Config

const fileName = 'llmcost.config.json'
const keys = ['db', 'prices', 'cost_basis', 'presets']

/** Platform folders of llmcost (XDG on Linux, Library on macOS, AppData on Windows). */
export function platformFolders(): { readonly data: string; readonly config: string } {
  return envPaths('llmcost', { suffix: '' })
}

/**
 * Reads the config file.
 * @param explicit path from LLMCOST_CONFIG; must exist when given
 * @throws UserError (usage) that names the file and the key
 */
export function loadConfig(cwd: string, explicit: string | undefined): Config {
  const path = explicit ? resolve(cwd, explicit) : findConfig(cwd)
  if (path === undefined) return defaults
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError('the config file cannot be read', {
      code: 'usage',
      location: path,
      hint: 'Check LLMCOST_CONFIG.',
      cause: error,
    })
  }
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    throw new UserError(`the config file is not JSON: ${what}`, {
      code: 'usage',
      location: path,
      cause: error,
    })
  }
  return checked(data, path)
}

function findConfig(cwd: string): string | undefined {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const path = join(folder, fileName)
    if (existsSync(path)) return path
    if (dirname(folder) === folder) break
  }
  const path = join(platformFolders().config, fileName)
  return existsSync(path) ? path : undefined
}

function checked(data: unknown, path: string): Config {
  const fail = (message: string, hint: string): never => {
    throw new UserError(message, { code: 'usage', location: path, hint })
  }
  if (!isRecord(data))
    return fail('the config file must hold one JSON object', 'Write {"db": "costs.duckdb"}, for example.')
  const unknown = Object.keys(data).find((key) => !keys.includes(key) && !key.startsWith('$'))
  if (unknown !== undefined)
    fail(`unknown key "${unknown}" in the config file`, `Known keys: ${keys.join(', ')}.`)
  const { db, prices, cost_basis: basis, presets } = data
  if (db !== undefined && typeof db !== 'string') fail('"db" must be a path', 'Write "db": "costs.duckdb".')
  if (basis !== undefined && basis !== 'list-first' && basis !== 'reported-first') {
    fail('"cost_basis" must be list-first or reported-first', 'list-first is the default.')
  }
  const priceList = prices === undefined ? [] : Array.isArray(prices) ? prices : [prices]
  if (!priceList.every((p) => typeof p === 'string'))
    fail('"prices" must be a path or a list of paths', 'Write "prices": "prices.csv".')
  const from = dirname(path)
  const absolute = (p: string): string => (isAbsolute(p) ? p : join(from, p))
  return {
    ...defaults,
    path,
    ...(typeof db === 'string' ? { db: absolute(db) } : {}),
    prices: (priceList as string[]).map(absolute),
    costBasis: (basis as CostBasis | undefined) ?? defaults.costBasis,
    presets: checkedPresets(presets, fail),
  }
}

function checkedPresets(presets: unknown, fail: (message: string, hint: string) => never): Config['presets'] {
  if (presets === undefined) return {}
  const hint = 'Write "presets": {"mine": {"map": {"ts": "meta.when"}, "set": {"model": "gpt-4o"}}}.'
  if (!isRecord(presets)) return fail('"presets" must be an object', hint)
  for (const [name, preset] of Object.entries(presets)) {
    if (!isRecord(preset)) fail(`preset "${name}" must be an object`, hint)
    for (const [key, value] of Object.entries(preset)) {
      const strings = isRecord(value) && Object.values(value).every((v) => typeof v === 'string')
      if (!(key === 'from' ? typeof value === 'string' : (key === 'map' || key === 'set') && strings)) {
        fail(`preset "${name}": "${key}" is not understood`, hint)
      }
    }
  }
  return presets as Config['presets']
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
