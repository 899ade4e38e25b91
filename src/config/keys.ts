/** All keys of the config file: the one list from which check, JSON Schema, `init` and docs/config.md derive. */
import type { Rollups } from '../domain/rollups.js'
import { bounds, type BoundName } from '../domain/bounds.js'
import { waitOf, waitPattern } from '../domain/time/duration.js'
import { memoryPattern, memorySize } from '../domain/limits.js'
import { boundShapes, wholeNumber } from './bound-shapes.js'
import type { KnownNames } from './config.js'
import { groupsShape } from './groups.js'
import { amount, elsewhere, exampleOf, key, limitKeys, zone, path } from './limit-keys.js'
import { sqlOf } from './needs.js'
import { notifyShape } from './notify.js'
import type { OptionName, ProgramKey } from './options.js'
import { presetShape } from './presets.js'
import { boolean } from './rule-shapes.js'
import { rulesShape } from './rules.js'
import { allocationShape } from './spending/allocation.js'
import { contractsShape } from './spending/contracts.js'
import { plansShape } from './spending/plans.js'
import { anyText, choice, group, named, text, type JsonSchema, type Key } from './shapes.js'

/** What the address is allowed to be beyond this is said when it is asked. */
const addressPattern = '^https?://[!-?A-~]+$'

const boundKeys = Object.fromEntries(
  Object.entries(bounds).map(([name, { about, kind, value }]) => [
    name,
    key(`${about}${kind === 'share' ? ', 0–1' : ''}.`, boundShapes[kind], value, {
      otherwise: String(value),
    }),
  ]),
) as Readonly<Record<BoundName, Key<number>>>

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
    tz: limitKeys.tz,
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
    prices: limitKeys.prices,
    price_update_url: key(
      'Where `llmcost prices update` takes prices from when it is given no list; nothing else ever asks there.',
      text('an address that begins with https://', {
        pattern: addressPattern,
        check: (given) => (new RegExp(addressPattern).test(given) ? given : undefined),
      }),
      'https://models.dev/api.json',
      { trust: { does: 'says where prices come from' } },
    ),
    cost_basis: limitKeys.cost_basis,
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
    exchange_rates: key(
      'A CSV file of day, currency and rate (units for a dollar): --currency EUR converts costs by it.',
      path('exchange-rates.csv'),
      'exchange-rates.csv',
      { trust: elsewhere },
    ),
    user_tiers: limitKeys.user_tiers,
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
    budgets: limitKeys.budgets,
    user_caps: limitKeys.user_caps,
    guard: limitKeys.guard,
    plans: key(
      'Subscriptions, for llmcost plans: the calls that each covers (any dimension narrows them down), and its terms.',
      plansShape,
      [
        {
          name: 'Max',
          user: 'ada',
          fee: 100,
          alternatives: [{ name: 'Pro', fee: 20, included_usd: 60, overage: 'none' }],
        },
        {
          name: 'Copilot',
          source: 'copilot',
          fee: 39,
          included_credits: 1500,
          credit_usd: 0.04,
          overage: 'list',
        },
      ],
      { trust: 'free' },
    ),
    bill_zones: key(
      'Zones in which the days of billers begin, for --cost billed and reconcile.',
      named('a group of billers, each with its zone', zone),
      { openrouter: 'America/New_York' },
      { otherwise: 'UTC', trust: 'free' },
    ),
    contracts: key(
      'What is paid by contract, for --cost contract: of a call the first that fits holds.',
      contractsShape,
      [
        { provider: 'openai', model: 'gpt-4o*', since: '2026-01-01', discount: '12%' },
        { provider: 'azure', since: '2026-01-01', provisioned: 8000, per: 'month' },
      ],
      { trust: 'free' },
    ),
    allocate: key(
      'Whose cost it is, for --by cost_center: the label that says so, and how shared and fixed monthly cost is spread.',
      allocationShape,
      {
        from: 'team',
        shared: [{ where: 'feature=gateway', by: 'cost' }, { to: { search: '60%', support: '40%' } }],
        costs: [{ name: 'GPU cluster', monthly: 4200, since: '2026-01-01', by: 'tokens' }],
      },
      { trust: 'free' },
    ),
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
  }) satisfies Record<ProgramKey | keyof typeof limitKeys, Key<unknown>>

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
