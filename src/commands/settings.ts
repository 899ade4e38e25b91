/**
 * What a run works with, after flag, environment, config file and default have been weighed, in this order.
 */
import { join, resolve } from 'node:path'
import { loadConfig, platformFolders, type Config } from '../config/config.js'
import type { StoreOptions } from '../db/store.js'
import type { CostBasis } from '../domain/basis.js'
import { callFields } from '../domain/call.js'
import { closestNames } from '../domain/names.js'
import { UserError } from '../errors.js'
import type { ReadOptions } from '../ingest/options.js'
import type { Invocation } from './command.js'

export interface Settings {
  readonly dbPath: string
  /** Files with price overrides, absolute. */
  readonly priceFiles: readonly string[]
  readonly costBasis: CostBasis
  readonly storeOptions: StoreOptions
  readonly readOptions: ReadOptions
  readonly config: Config
}

/** @throws UserError (usage) for an option or a config key that is not understood */
export async function settingsOf(invocation: Invocation): Promise<Settings> {
  const { env, terminal } = invocation
  const config = loadConfig(process.cwd(), env['LLMCOST_CONFIG'] || undefined)
  const db = text(invocation, 'db') ?? (env['LLMCOST_DB'] || undefined)
  return {
    dbPath: db !== undefined ? resolve(db) : (config.db ?? join(platformFolders().data, 'llmcost.duckdb')),
    priceFiles: config.prices,
    costBasis: config.costBasis,
    storeOptions: {
      lockTimeoutMs: durationMs(text(invocation, 'lockTimeout') ?? '30s', '--lock-timeout'),
      memoryLimit: memoryLimit(text(invocation, 'memoryLimit')),
      onWait: (pid) => terminal.warn(`waiting for the database, in use by process ${pid} …`),
    },
    readOptions: readOptions(invocation, config),
    config,
  }
}

function text(invocation: Invocation, name: string): string | undefined {
  const value = invocation.options[name]
  return typeof value === 'string' ? value : undefined
}

const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `30s`, `5m`, `250ms` in ms. */
function durationMs(value: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(value)
  if (!match)
    throw new UserError(`${option} ${value} is not a length of time`, {
      code: 'usage',
      hint: 'Write 30s, 5m or 250ms.',
    })
  return Number(match[1]) * (durationUnits[match[2] ?? 's'] ?? 1000)
}

function memoryLimit(value: string | undefined): string | undefined {
  if (value === undefined || /^\d+(\.\d+)?\s*[KMGT]i?B$/i.test(value)) return value
  throw new UserError(`--memory-limit ${value} is not a size`, { code: 'usage', hint: 'Write 512MB or 4GB.' })
}

function readOptions(invocation: Invocation, config: Config): ReadOptions {
  const preset = presetOf(text(invocation, 'preset'), config)
  const cacheTokens = text(invocation, 'cacheTokens')
  const saved = (kind: 'map' | 'set'): Record<string, string> =>
    pairs(
      Object.entries(preset[kind] ?? {}).map(([field, value]) => `${field}=${value}`),
      `preset ${text(invocation, 'preset')}: ${kind}`,
      kind === 'map' ? 'ts=meta.when' : 'model=gpt-4o',
    )
  return {
    from: text(invocation, 'from') ?? preset.from,
    map: { ...saved('map'), ...pairs(invocation.options['map'], '--map', 'ts=meta.when') },
    set: { ...saved('set'), ...pairs(invocation.options['set'], '--set', 'model=gpt-4o') },
    baseTime: moment(text(invocation, 'baseTime')),
    inputTz: zone(text(invocation, 'inputTz')),
    cacheTokens: cacheTokens as 'included' | 'excluded' | undefined,
  }
}

function presetOf(name: string | undefined, config: Config): Config['presets'][string] {
  if (name === undefined) return {}
  const preset = config.presets[name]
  if (preset !== undefined) return preset
  const known = Object.keys(config.presets)
  throw new UserError(`no preset "${name}"`, {
    code: 'usage',
    ...(config.path === undefined ? {} : { location: config.path }),
    hint:
      known.length > 0
        ? `Presets: ${known.join(', ')}.`
        : 'Presets stand in llmcost.config.json, under "presets".',
  })
}

/** Fields that `--map` and `--set` know, short forms included. */
const fieldNames: Readonly<Record<string, string>> = {
  ...Object.fromEntries(callFields.map((field) => [field, field])),
  model: 'request_model',
  timestamp: 'ts',
  time: 'ts',
  user: 'user_id',
  session: 'session_id',
  env: 'environment',
  cost: 'reported_cost_usd',
  cost_usd: 'reported_cost_usd',
  cached_tokens: 'cache_read_input_tokens',
  id: 'call_id',
}

function pairs(given: unknown, option: string, example: string): Record<string, string> {
  const out: Record<string, string> = {}
  for (const pair of Array.isArray(given) ? (given as string[]) : []) {
    const cut = pair.indexOf('=')
    const name = pair.slice(0, Math.max(cut, 0)).trim()
    const value = pair.slice(cut + 1).trim()
    const field = fieldNames[name] ?? (/^tag\.[^.]+$/.test(name) ? name : undefined)
    if (cut < 1 || value === '' || field === undefined) {
      const known = Object.keys(fieldNames)
      if (cut < 1 || value === '' || field !== undefined) {
        throw new UserError(`${option} ${pair} is not field=value`, {
          code: 'usage',
          hint: `Write ${option} ${example}. Fields: ${known.join(', ')}, tag.<name>.`,
        })
      }
      throw new UserError(`${option} ${pair}: no field "${name}"`, {
        code: 'usage',
        hint: `The closest: ${closestNames(name, known).join(', ')}. All: ${known.join(', ')}, tag.<name>.`,
      })
    }
    out[field] = value
  }
  return out
}

function moment(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const time = new Date(
    /[zZ]|[+-]\d\d:?\d\d$/.test(value)
      ? value
      : /T|\d \d/.test(value)
        ? `${value.replace(' ', 'T')}Z`
        : value,
  )
  if (Number.isNaN(time.getTime())) {
    throw new UserError(`--base-time ${value} is not a time`, {
      code: 'usage',
      hint: 'Write 2026-10-05 or 2026-10-05T08:00:00Z.',
    })
  }
  return time.toISOString()
}

function zone(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  try {
    return Intl.DateTimeFormat('en', { timeZone: value }) && value
  } catch (error) {
    throw new UserError(`--input-tz ${value} is not a time zone`, {
      code: 'usage',
      hint: 'Write UTC or Europe/Berlin.',
      cause: error,
    })
  }
}
