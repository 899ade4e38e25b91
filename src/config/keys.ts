/** All keys of the config file: the one list from which check, JSON Schema, `init` and docs/config.md derive. */
import { amountPattern, usdAmount } from '../domain/costs/amount.js'
import type { CostBasis } from '../domain/costs/basis.js'
import type { Rollups } from '../domain/rollups.js'
import { bounds, type BoundName } from '../domain/bounds.js'
import { waitOf, waitPattern } from '../domain/time/duration.js'
import { memoryPattern, memorySize } from '../domain/limits.js'
import { assertZone } from '../domain/time/zones.js'
import { boundShapes, wholeNumber } from './bound-shapes.js'
import { budgetsShape } from './budgets.js'
import type { KnownNames } from './config.js'
import { pathFrom } from './folders.js'
import { groupsShape } from './groups.js'
import { outsideFolder, sqlOf } from './needs.js'
import { notifyShape } from './notify.js'
import type { OptionName } from './options.js'
import { presetShape } from './presets.js'
import { boolean } from './rule-shapes.js'
import { rulesShape } from './rules.js'
import { userCapsShape } from './user-caps.js'
import {
  anyText,
  choice,
  group,
  list,
  misfit,
  named,
  text,
  type Json,
  type JsonSchema,
  type Key,
  type Keys,
  type Shape,
  type Trust,
} from './shapes.js'

/** Infers what a key's value becomes. */
const key = <T>(about: string, shape: Shape<T>, example: Json, more: Partial<Key<T>> = {}): Key<T> => ({
  about,
  shape,
  example,
  ...more,
})

const path = (example: string): Shape<string> =>
  text(`a path, such as ${example}`, { check: (given, { file }) => pathFrom(file, given) })

/** What the address is allowed to be beyond this is said when it is asked. */
const addressPattern = '^https?://[!-?A-~]+$'

const amountWords = 'an amount in USD above 0, such as 500 or 0.25'

/** USD as exact text, whether a number or a text stands there. */
const amount: Shape<string> = {
  words: amountWords,
  schema: {
    anyOf: [
      { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1e12 },
      { type: 'string', pattern: amountPattern },
    ],
  },
  read: (tree, place) => {
    const usd = tree.kind === 'number' || tree.kind === 'text' ? usdAmount(tree.text) : undefined
    if (usd === undefined) throw misfit(tree, place, amountWords)
    return usd
  },
}

const capsShape = userCapsShape(amount)

const boundKeys = Object.fromEntries(
  Object.entries(bounds).map(([name, { about, kind, value }]) => [
    name,
    key(`${about}${kind === 'share' ? ', 0–1' : ''}.`, boundShapes[kind], value, {
      otherwise: String(value),
    }),
  ]),
) as Readonly<Record<BoundName, Key<number>>>

/** A file beside the config file came with it. */
const elsewhere: Trust = {
  does: 'names a file outside its folder',
  where: outsideFolder,
  when: 'Outside this folder it',
}

/** Values that an option may give too; the name of each is the option's. */
const optionKeys = (formats: readonly string[]) =>
  ({
    db: key('The database file.', path('costs.duckdb'), 'costs.duckdb', {
      otherwise: "llmcost.duckdb in the platform's data folder",
      option: true,
      trust: { does: 'names a database' },
    }),
    archive: key(
      'Folder of the archive, where `llmcost archive` keeps calls as Parquet files.',
      path('llm-archive'),
      'llm-archive',
      { otherwise: 'none', option: true, trust: { does: 'names a folder of files to read' } },
    ),
    tz: key(
      'Zone in which days, weeks and months begin.',
      text('a time zone, such as Europe/Berlin', {
        check: (given, place) => {
          assertZone(given, place.key)
          return given
        },
      }),
      'Europe/Berlin',
      { otherwise: "UTC, the providers' billing day", option: true, trust: 'free' },
    ),
    format: key('How answers are printed.', choice(formats), 'markdown', {
      otherwise: 'table',
      option: true,
      trust: 'free',
    }),
    lock_timeout: key(
      'How long to wait for a database in use.',
      text('a length of time, such as 30s', {
        pattern: waitPattern,
        also: ['number'],
        schema: { minimum: 0 },
        check: (given, place) => {
          waitOf(given, place.key)
          return given
        },
      }),
      '1m',
      { otherwise: '30s', option: true, trust: 'free' },
    ),
    memory_limit: key(
      'Memory for DuckDB.',
      text('a size, such as 2GB', {
        pattern: memoryPattern,
        check: (given, place) => memorySize(given, place.key),
      }),
      '2GB',
      { otherwise: "a quarter of the machine's", option: true, trust: 'free' },
    ),
  }) satisfies Record<OptionName, Key<string>>

/** @param known names that other folders know */
export const configKeys = ({ formats, importers }: KnownNames) =>
  ({
    ...optionKeys(formats),
    prices: key(
      'Files with your own prices; they win over the bundled ones.',
      list('a path or a list of paths', path('prices.csv'), { alone: true }),
      ['prices.csv'],
      { trust: { does: 'names price files' } },
    ),
    price_update_url: key(
      'Where `llmcost prices update` takes prices from when it is given no list; nothing else ever asks there.',
      text('an address that begins with https://', {
        pattern: addressPattern,
        check: (given) => (new RegExp(addressPattern).test(given) ? given : undefined),
      }),
      'https://models.dev/api.json',
      { trust: { does: 'says where prices come from' } },
    ),
    cost_basis: key(
      'Which cost counts: the list price, else what the log reports; or the other way round.',
      choice<CostBasis>(['list-first', 'reported-first']),
      'reported-first',
      { otherwise: 'list-first', trust: 'free' },
    ),
    rollups: key(
      'Whether the database keeps sums of calls by quarter-hour and label: same answers, sooner.',
      choice<Rollups>(['auto', 'always', 'never']),
      'never',
      { otherwise: 'auto: from five million calls on', trust: 'free' },
    ),
    approximate_above: key(
      'Quantiles of more calls than that come from sketches, within half a percent, where there are rollups; --exact asks the calls.',
      wholeNumber(1e12),
      5_000_000,
      { otherwise: 'a million calls', trust: 'free' },
    ),
    currency_rates: key(
      'A CSV file of currency, valid_from and usd: costs logged in another currency become dollars by it.',
      path('currency-rates.csv'),
      'currency-rates.csv',
      { trust: elsewhere },
    ),
    user_tiers: key(
      'A CSV file of user_id, tier and, where known, monthly_revenue.',
      path('user-tiers.csv'),
      'user-tiers.csv',
      { trust: elsewhere },
    ),
    discover: key('false: llmcost alone looks for no logs.', boolean, false, {
      otherwise: 'true',
      trust: 'free',
    }),
    bounds: key(
      'A figure beyond its bound is worth a sentence.',
      group('a group of bounds', boundKeys),
      exampleOf(boundKeys),
      { trust: 'free' },
    ),
    budgets: key(
      'What may be spent: monthly, weekly or daily (exactly one), in USD. Any dimension narrows a budget down.',
      budgetsShape(amount),
      [
        { monthly: 500 },
        { name: 'Search', weekly: 120.5, feature: 'search', warn_at: [80, 90, 100] },
        { daily: 20, environment: 'production', where: ['user~intern'] },
      ],
      { trust: 'free' },
    ),
    user_caps: key('What one user may use.', capsShape, exampleOf(capsShape.keys ?? {}), { trust: 'free' }),
    rules: key(
      'What llmcost check watches; llmcost init --rules writes a set to begin with.',
      rulesShape(amount),
      [
        { name: 'dear-hour', kind: 'cost', over: 5, by: 'feature', severity: 'critical' },
        { name: 'failing', kind: 'error_rate', over: '5%', window: '2h', for: '1h', min_calls: 50 },
      ],
      { trust: { does: 'runs SQL', where: sqlOf, when: 'A rule of kind sql' } },
    ),
    notify: key(
      'Where alerts go, each channel under a name of your own.',
      notifyShape,
      {
        'team-chat': { kind: 'slack', url_env: 'SLACK_WEBHOOK_URL', severity: 'warning', remind_every: '4h' },
        'on-call': { kind: 'pagerduty', key_env: 'PAGERDUTY_ROUTING_KEY', severity: 'critical' },
      },
      { trust: { does: 'sends messages' } },
    ),
    presets: key(
      'Ways to read a log, for --preset NAME.',
      named('a group of presets', presetShape(importers)),
      {
        gateway: {
          from: 'llmcost',
          map: { ts: 'When', user: 'Caller', feature: 'Purpose' },
          set: { model: 'gpt-4o' },
        },
      },
      { trust: 'free' },
    ),
    groups: key(
      'Named sets of values of a dimension, for --where user=@NAME and --by group.user.',
      groupsShape,
      { user: { research: ['ada', 'bob'], sales: ['carol'] } },
      { trust: 'free' },
    ),
    $schema: key('JSON Schema of this file, for editors.', anyText('a path or URL'), '', { trust: 'free' }),
  }) satisfies Keys

/** The whole file. */
export const configShape = (known: KnownNames) =>
  group('a group of keys, such as db: costs.duckdb', configKeys(known))

/** The JSON Schema of the config file, for editors. */
export function configSchema(known: KnownNames): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Config file of llmcost',
    ...configShape(known).schema,
  }
}

function exampleOf(keys: Keys): Json {
  return Object.fromEntries(Object.entries(keys).map(([name, { example }]) => [name, example]))
}
