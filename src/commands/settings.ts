/**
 * What a run works with, after flag, environment, config file and default have been weighed, in this order.
 */
import { join, resolve } from 'node:path'
import type { Config } from '../config/config.js'
import { variableOf } from '../config/options.js'
import { StoreInUse, type Written } from '../db/store-lock.js'
import type { SumsFor } from '../questions/line-sums.js'
import { defaultStore, homeFolder, platformFolders } from '../config/folders.js'
import { enginePresets } from '../config/presets.js'
import { fieldNames, fieldOf } from '../domain/field-names.js'
import { waitOf } from '../domain/time/duration.js'
import { memorySize } from '../domain/limits.js'
import { instantFrom } from '../domain/time/periods.js'
import { closestNames } from '../domain/words/names.js'
import { assertZone } from '../domain/time/zones.js'
import { UserError } from '../errors.js'
import type { loadPriceBook } from '../pricing/book.js'
import { accountField, type ReadOptions } from '../ingest/options.js'
import type { IngestRequest } from '../ingest/request.js'
import type { Settings } from '../questions/question.js'
import type { Machine } from '../importers/importer.js'
import type { Invocation } from './command.js'
import { chosen, configOf } from './precedence.js'

/** @throws UserError (usage) for an option or a config key that is not understood */
export async function settingsOf(invocation: Invocation): Promise<Settings> {
  const { terminal } = invocation
  const config = await configOf(invocation)
  const db = await chosen(invocation, 'db')
  const archive = await chosen(invocation, 'archive')
  const lockTimeout = await chosen(invocation, 'lock_timeout')
  const memoryLimit = await chosen(invocation, 'memory_limit')
  const tz = await chosen(invocation, 'tz')
  if (tz !== undefined) assertZone(tz.text, tz.said)
  return {
    dbPath: db === undefined ? await defaultStore() : resolve(db.text),
    priceFiles: config.prices,
    priceUpdates: await updatesPath(invocation.env['LLMCOST_PRICE_UPDATES']),
    costBasis: config.costBasis,
    tz: tz?.text ?? 'UTC',
    storeOptions: {
      rollups: config.rollups,
      archive: archive && resolve(archive.text),
      lockTimeoutMs: waitOf(lockTimeout?.text ?? '30s', lockTimeout?.said ?? ''),
      memoryLimit: memoryLimit && memorySize(memoryLimit.text, memoryLimit.said),
      onWait: (pid) => terminal.warn(`waiting for the database, in use by process ${pid} …`),
      onMended: () =>
        terminal.warn(
          'a run that was killed left the database half written: it was put right, and nothing is lost',
        ),
      written: keepingSums(invocation, config),
    },
    readOptions: await readOptions(invocation, config),
    config,
  }
}

/** The zone is that of every run, and not of one that was given another. */
const sumsFor = ({ env }: Invocation, { options, budgets }: Config): SumsFor => ({
  tz: env[variableOf('tz')] || (options.tz ?? 'UTC'),
  budgets,
})

/** The sums of the status line follow the store; a run is as good without them. */
function keepingSums(invocation: Invocation, config: Config): Written {
  return {
    tell: async (db, store) => {
      const { keepSums } = await import('../questions/line-sums.js')
      await keepSums(db, store, sumsFor(invocation, config), new Date())
    },
    failed: (error) => tellUnkept(invocation, error),
  }
}

/** Says of the sums that they are still those of the store: for who looked for calls, and may have found none. */
export async function confirmSums(
  invocation: Invocation,
  { dbPath, storeOptions, config }: Settings,
): Promise<void> {
  try {
    const { confirmSums: confirm } = await import('../questions/line-sums.js')
    await confirm(dbPath, storeOptions, sumsFor(invocation, config), new Date())
  } catch (error) {
    tellUnkept(invocation, error)
  }
}

const unkept = new WeakSet<Invocation>()

/** Once a run: who follows logs tries each second. */
function tellUnkept(invocation: Invocation, error: unknown): void {
  // Who has the database now keeps them.
  if (error instanceof StoreInUse || unkept.has(invocation)) return
  unkept.add(invocation)
  const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
  invocation.terminal.warn(`the sums of the status line could not be kept: ${why}`)
}

/** How logs are read and priced, wherever they go. */
export const readingOf = (
  { now }: Invocation,
  { readOptions, priceFiles, priceUpdates, costBasis }: Settings,
): Pick<IngestRequest, 'cwd' | 'read' | 'priceFiles' | 'priceUpdates' | 'costBasis' | 'now'> => ({
  cwd: process.cwd(),
  read: readOptions,
  priceFiles,
  priceUpdates,
  costBasis,
  now,
})

/** What the price book is loaded from. */
export const priceData = ({
  priceFiles,
  priceUpdates,
}: Pick<Settings, 'priceFiles' | 'priceUpdates'>): Parameters<typeof loadPriceBook>[0] => ({
  overrideFiles: priceFiles,
  updatesFile: priceUpdates,
})

async function updatesPath(given: string | undefined): Promise<string | undefined> {
  if (given !== undefined && given !== '') return resolve(given)
  const folders = await platformFolders()
  return folders === undefined ? undefined : join(folders.data, 'price-updates.json')
}

function text(invocation: Invocation, name: string): string | undefined {
  const value = invocation.options[name]
  return typeof value === 'string' ? value : undefined
}

async function readOptions(invocation: Invocation, config: Config): Promise<ReadOptions> {
  const preset = presetOf(configPreset(invocation, config), config)
  const cacheTokens = text(invocation, 'cacheTokens')
  const dateOrder = text(invocation, 'dateOrder')
  const decimal = text(invocation, 'decimal')
  const saved = (kind: 'map' | 'set'): Record<string, string> =>
    pairs(
      Object.entries(preset[kind] ?? {}).map(([field, value]) => `${field}=${value}`),
      `preset ${text(invocation, 'preset')}: ${kind}`,
      kind === 'map' ? 'ts=meta.when' : 'model=gpt-4o',
      kind === 'map' ? [] : [accountField],
    )
  const set = {
    ...saved('set'),
    ...pairs(invocation.options['set'], '--set', 'model=gpt-4o', [accountField]),
  }
  assertDay(set['ts'], 'ts is set to')
  return {
    from: text(invocation, 'from') ?? preset.from,
    map: { ...saved('map'), ...pairs(invocation.options['map'], '--map', 'ts=meta.when') },
    set,
    baseTime: moment(text(invocation, 'baseTime')),
    inputTz: zone(text(invocation, 'inputTz')),
    dateOrder: dateOrder as ReadOptions['dateOrder'],
    decimal: decimal as ReadOptions['decimal'],
    currencyRates: await currencyRates(set['currency_rate'], config),
    cacheTokens: cacheTokens as 'included' | 'excluded' | undefined,
    ...(invocation.options['keepAcrossSources'] === true ? { keepAcrossSources: true } : {}),
  }
}

/** Rates from the file in the config; one that is given for the run stands alone. */
async function currencyRates(
  given: string | undefined,
  config: Config,
): Promise<ReadOptions['currencyRates']> {
  if (given === undefined && config.currencyRates === undefined) return undefined
  const { isRate, rateHint, readCurrencyRates } = await import('../ingest/typing/currency-rates.js')
  if (given === undefined) return readCurrencyRates(config.currencyRates!)
  if (isRate(given)) return undefined
  throw new UserError(`--set currency_rate=${given} is no rate`, { code: 'usage', hint: rateHint })
}

/** The preset of the config file that is meant; those of engines' tables are no matter of logs. */
function configPreset(invocation: Invocation, config: Config): string | undefined {
  const name = text(invocation, 'preset')
  return enginePreset(invocation, config) === undefined ? name : undefined
}

/** The preset of an engine's table that is meant, where the config file has none of that name. */
export function enginePreset(
  invocation: Invocation,
  config: Config,
): (typeof enginePresets)[number] | undefined {
  const { options } = invocation
  const name = text(invocation, 'preset')
  if (name === undefined || Object.hasOwn(config.presets, name)) return undefined
  const isOfEngine = ['rollup', 'printSql', 'calls'].some((one) => options[one] === true)
  return isOfEngine ? enginePresets.find((one) => one === name) : undefined
}

function presetOf(name: string | undefined, config: Config): Config['presets'][string] {
  if (name === undefined) return {}
  if (Object.hasOwn(config.presets, name)) return config.presets[name] ?? {}
  const known = Object.keys(config.presets)
  throw new UserError(`no preset "${name}"`, {
    code: 'usage',
    ...(config.path === undefined ? {} : { location: config.path }),
    hint:
      known.length > 0
        ? `The closest: ${closestNames(name, known).join(', ')}.`
        : 'Presets stand in the config file, under presets.',
  })
}

function pairs(
  given: unknown,
  option: string,
  example: string,
  others: readonly string[] = [],
): Record<string, string> {
  const out: Record<string, string> = {}
  for (const pair of Array.isArray(given) ? (given as string[]) : []) {
    const cut = pair.indexOf('=')
    const name = pair.slice(0, Math.max(cut, 0)).trim()
    const value = pair.slice(cut + 1).trim()
    const field = others.includes(name) ? name : fieldOf(name)
    if (cut < 1 || value === '' || field === undefined) {
      if (cut < 1 || value === '' || field !== undefined) {
        throw new UserError(`${option} ${pair} is not field=value`, {
          code: 'usage',
          hint: `Write ${option} ${example}. Fields: ${fieldNames.join(', ')}, tag.<name>.`,
        })
      }
      throw new UserError(`${option} ${pair}: no field "${name}"`, {
        code: 'usage',
        hint: `The closest: ${closestNames(name, fieldNames).join(', ')}. All: ${fieldNames.join(', ')}, tag.<name>.`,
      })
    }
    out[field] = value
  }
  return out
}

function moment(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const instant = instantFrom(value.trim())
  if (instant !== undefined) return new Date(instant).toISOString()
  throw new UserError(`--base-time ${value} is not a time`, {
    code: 'usage',
    hint: 'Write 2026-10-05 or 2026-10-05T08:00:00Z; without a zone it is UTC.',
  })
}

/** A day that does not exist would have every record refused. @throws UserError (usage) */
function assertDay(text: string | undefined, said: string): void {
  const day = /^\d{4}-\d{2}-\d{2}(?!\d)/.exec(text ?? '')?.[0]
  if (day === undefined || instantFrom(day) !== undefined) return
  throw new UserError(`${said} ${text}: there is no day ${day}`, {
    code: 'usage',
    hint: 'Write 2026-10-05 or 2026-10-05T08:00:00Z.',
  })
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

/** What importers may know of the machine; undefined where there is no home folder. */
export function machineOf(env: Machine['env']): Machine | undefined {
  const home = homeFolder()
  return home === undefined ? undefined : { home, env, platform: process.platform }
}
