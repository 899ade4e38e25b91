/**
 * What derives from the program: docs/commands.md, docs/config.md, the JSON Schema of the config file, and parts
 * of other pages, such as the table of importers in docs/logs.md.
 */
import { readFileSync } from 'node:fs'
import {
  argumentsOf,
  outputOptions,
  scopeOptions,
  sourceOptions,
  storeOptions,
  type CommandSpec,
  type OptionSpec,
} from '../src/commands/command.js'
import { knownNames } from '../src/commands/known-names.js'
import { loadCommands } from '../src/commands/registry.js'
import { configKeys, configSchema } from '../src/config/keys.js'
import { variableOf } from '../src/config/options.js'
import type { Key, Keys } from '../src/config/shapes.js'
import { aboutKey, configTemplate } from '../src/config/template.js'
import { ruleKindNames, ruleKinds } from '../src/domain/rules/rule-kinds.js'
import { billSources } from '../src/billing/registry.js'
import { importers } from '../src/importers/registry.js'
import type { Importer } from '../src/importers/importer.js'
import { focusColumns, focusLeftOut, focusVersions } from '../src/metrics/exports/focus-columns.js'

const shared = [
  { title: 'Scope', about: 'Which calls are meant.', options: scopeOptions },
  { title: 'Reading', about: 'How to read logs.', options: sourceOptions },
  { title: 'Store', about: 'Where the database is.', options: storeOptions },
  { title: 'Output', about: 'How the answer is printed.', options: outputOptions },
]

/** docs/commands.md. */
export async function commandsPage(): Promise<string> {
  const commands = await loadCommands()
  return [
    '# Commands',
    'Made from the program by `npm run docs`; `llmcost COMMAND --help` prints what a screen has room for.',
    ...commands.flatMap((command) => section(command, 'llmcost')),
    '## Shared options',
    ...shared.flatMap(({ title, about, options }) => [`### ${title}`, about, optionTable(options)]),
    '',
  ].join('\n\n')
}

/** docs/focus.md. */
export function focusPage(): string {
  return [
    '# FOCUS',
    'Made from the program by `npm run docs`. `llmcost export focus` writes charges by the [FinOps FOCUS specification](https://focus.finops.org), version 1.4, or 1.3 or 1.2 by `--focus-version`: a row of its Cost and Usage dataset for each UTC day, provider, model, what is counted, unit price and combination of tags.',
    [
      '- `BilledCost` adds up to the `cost_usd` of the same calls exactly, in CSV as in Parquet.',
      '- `ContractedCost` and `EffectiveCost` are `ListCost` less the discounts under `contracts` in the config file ([cost.md](cost.md)), rounded once a row; without them they are `BilledCost`.',
      '- It is what llmcost counts as cost, by prices or as the log reported it; it was never compared with an invoice.',
      '- Calls without a price have no amount to state: they are left out, counted in a warning. So are response-cache hits that cost nothing, and failed calls that used nothing: nobody charges them.',
      '- `ListUnitPrice` × `PricingQuantity` is `ListCost`, but for what rounding each call to 12 places makes. Where one price does not explain a row (prices changed since the calls were priced), it is the mean.',
      '- Where only a whole cost was reported, the row counts requests, at their mean price.',
      '- Usage that no known price covers (audio, searches) is not in the file; the calls are counted as priced in part in a warning.',
      '- The specification wants no placeholders. Where neither the log nor an option tells, `BillingAccountId` is `unknown` (with a warning) and `ServiceProviderName` (before 1.3: `ProviderName`) is `Unknown provider`.',
      '- Up to 1.4 the specification defines no property of tokens in `SkuPriceDetails`, so that its keys begin with `x_`. They are named as drafts of 1.5 name them (`ModelId`, `TokenDirection`, `TokenCacheAction` …).',
      '- `CredentialId`, `PrincipalId` and `RequesterDetails` come with 1.5 and are not in a file of 1.4. Who asked can stand in Tags: `--by user`.',
      '- Of the datasets of 1.4, Cost and Usage is written. Invoice Detail, Billing Period and Contract Commitment tell of invoices and contracts, which logs do not have.',
      '- Days at the ends of the window hold the calls of the window alone; choose whole days.',
    ].join('\n'),
    '## Columns',
    `| column | type | versions | where it comes from |\n|---|---|---|---|\n${focusRows().join('\n')}`,
    '## With bills',
    `\`--billed\` puts what was billed ([bills.md](bills.md)) into the same file, so that its \`BilledCost\` is the bills' where there are bills and what llmcost counts as cost elsewhere, and nothing twice:`,
    [
      '- Every charge of a bill that begins in the window is a row, with its own category (Usage, Purchase, Tax, Credit, Adjustment), currency, account, project, region and tags. These rows say `billed` in `x_CostBasis`, and their `BilledCost` adds up to the bills to the last of 18 digits. What LiteLLM reckons of its own is no bill.',
      '- A bill covers all calls of its provider from the first to the last charge for the use of models of a day (of a month, where it comes by month): they are no rows. stderr says how many calls these are, what they cost, and what the bill has in their place; a bill of one account of several takes the place of the calls of all.',
      '- Calls of other providers and days stay, as without `--billed`.',
      '- `ListCost`, `ContractedCost` and `EffectiveCost` are what the bill states of them, else what was billed; for taxes and credits always what was billed. Unit prices are the cost over the quantity. Where a bill has no quantity, `PricingQuantity` is one unit.',
      '- Bills know no team or feature: `--by` labels the calls alone, and `--where` takes provider and model.',
      '- Without `--billed`, a warning says where bills cover calls in the file.',
    ].join('\n'),
    '## Left out',
    `| columns | why |\n|---|---|\n${focusLeftOut.map(([columns, why]) => `| ${columns} | ${why} |`).join('\n')}`,
    '',
  ].join('\n\n')
}

/** A line a column that any version has, in alphabetical order, custom ones last. */
function focusRows(): string[] {
  const columns = focusVersions.flatMap((version) => focusColumns(version))
  const names = [...new Set(columns.map(({ name }) => name))]
  const own = names.filter((name) => !name.startsWith('x_')).toSorted()
  return [...own, ...names.filter((name) => name.startsWith('x_'))].map((name) => {
    const { type, about, versions = focusVersions } = columns.find((column) => column.name === name)!
    const which = versions.length === focusVersions.length ? 'all' : versions.join(', ')
    return `| ${name} | ${type} | ${which} | ${about} |`
  })
}

function section(command: CommandSpec, parent: string): string[] {
  const name = `${parent} ${command.name}`
  const args = argumentsOf(command).map((argument) => argument.name)
  const whole = shared.filter(({ options }) => options.every((option) => command.options.includes(option)))
  const own = command.options.filter((option) => !whole.some(({ options }) => options.includes(option)))
  const told = [command.details, command.more].filter((text) => text !== undefined).join('\n')
  const links = whole.map(({ title }) => `[${title}](#${title.toLowerCase()})`)
  return [
    `${parent === 'llmcost' ? '##' : '###'} ${name}`,
    sentence(command.summary),
    `\`\`\`\n${[name, ...args, '[options]'].join(' ')}\n\`\`\``,
    ...(told === '' ? [] : [`\`\`\`text\n${told}\n\`\`\``]),
    ...(args.length === 0 ? [] : [list(argumentsOf(command).map((a) => `\`${a.name}\`: ${a.about}`))]),
    ...(own.length === 0 ? [] : [optionTable(own)]),
    ...(links.length === 0 ? [] : [`Shared options: ${links.join(', ')}.`]),
    'Examples:',
    `\`\`\`sh\n${command.examples.map((e) => `# ${e.about}\n${e.command}`).join('\n')}\n\`\`\``,
    ...(command.subcommands ?? []).flatMap((sub) => section(sub, name)),
  ]
}

const known = await knownNames()

/** schema/llmcost.config.schema.json. */
export function configSchemaText(): string {
  return `${JSON.stringify(configSchema(known), null, 2)}\n`
}

const aboutBudgets =
  'Beside its own keys, a budget takes any dimension of `--where` as a key: `feature: search`, `team: billing`, `tag.tier: pro`; all must hold. `(none)` stands for calls without the value. Amounts are exact: 0.1 stays 0.1.'

const aboutTrust = [
  "A file that is found on the way up may have come with somebody else's files, such as a repository. Until `llmcost trust` it may set questions' defaults, budgets, bounds, presets and rules; where it has a key that needs trust, every command that reads the config file ends with exit code 2 and names the key: none goes on without it, with another database. What `--config` or `LLMCOST_CONFIG` names is trusted, and so is the file in the config folder of the platform.",
  "Trust is kept by path and content, in the folder `trusted` of the platform's data folder: when the file changes, it ends. What stands in the files that it names, such as prices, may change. `llmcost init` trusts what it writes.",
  'Jobs of CI and cron name their file (`llmcost --config llmcost.config.yaml check`, or `LLMCOST_CONFIG`), or run `llmcost trust` once where the home folder is kept.',
]

/** docs/config.md. */
export function configPage(): string {
  const keys: Keys = configKeys(known)
  const shown = Object.entries(keys).filter(([name]) => name !== '$schema')
  return [
    '# Config file',
    'Made from the program by `npm run docs`; `llmcost init` writes a file with every key in it.',
    '`llmcost.config.yaml`, `.yml` or `.json` (with comments, if you like): the nearest one, from the working directory upward, else the one in the config folder of the platform. `--config FILE` names another, else `LLMCOST_CONFIG`; the null device (`--config /dev/null`) is none. Two in one folder are an error.',
    'An option wins over its environment variable, that over the config file, and the config file over the default. Paths are relative to the file. An unknown key is an error.',
    ...aboutTrust,
    table(
      ['key', 'meaning', 'must be'],
      shown.map(([name, key]) => [`\`${name}\``, plain(aboutKey(name, key)), plain(key.shape.words)]),
    ),
    ...shown.flatMap(([name, key]) => inner(name, key)),
    '## Example',
    `\`\`\`yaml\n${configTemplate('.yaml', keys)
      .replaceAll(/^#(?! \S)/gm, '')
      .trim()}\n\`\`\``,
    'Editors complete and check the file by `schema/llmcost.config.schema.json` of this package; `llmcost init` names it in the file where the package is installed beside it.',
    '',
  ].join('\n\n')
}

/** The keys within a key. */
function inner(name: string, { shape }: Key<unknown>): string[] {
  if (shape.keys === undefined) return []
  const rows = Object.entries(shape.keys).map(([one, key]) => [
    `\`${one}\``,
    plain(aboutKey('', key)),
    plain(key.shape.words),
  ])
  return [
    `## ${name}`,
    table(['key', 'meaning', 'must be'], rows),
    ...(name === 'budgets' ? [aboutBudgets] : []),
    ...(name === 'rules' ? rulesText() : []),
  ]
}

const aboutRules = [
  'What fires is a state, not an event: a rule fires as long as its figure is beyond its bound. `over` and `under` are beyond the bound, not at it; `at_least` is at it, too. Shares are 0–1 or a percentage such as `5%`; windows end at `--as-of`. `min_calls` counts the calls of the window that have what is measured, such as a status or a latency.',
  'A message may hold `{rule}`, `{kind}`, `{severity}`, `{subject}`, `{dimension}`, `{value}`, `{measured}`, `{bound}`, `{window}`, `{for}`, `{against}`, `{since}`, and the further placeholders of its kind.',
  'A `sql` rule is one SELECT, sealed as `llmcost sql` is. Each row it answers with fires: `value` tells rows apart, `measured` is the figure, `text` the sentence; all three may be absent. `$as_of` and `$since` (`window` before it) may stand in it; only a statement that names `$as_of` has a past, for `for` and the dry run.',
  'A rule without anything to judge, such as a budget rule without a budget, is named in the warnings and does not fail.',
]

/** The kinds of rules, from their registry. */
function rulesText(): string[] {
  const rows = ruleKindNames.map((kind) => {
    const { about, figure, bound, unit, window, minCalls, minUsd, scope, parameters, details } =
      ruleKinds[kind]
    const takes = [
      ...(scope === 'none' ? [] : ['`where`']),
      ...(scope === 'calls' ? ['`by`'] : []),
      ...(window === null ? [] : [`\`window\` ${window}h`]),
      ...(minCalls === null ? [] : [`\`min_calls\` ${minCalls}`]),
      ...(minUsd === null ? [] : [`\`min_usd\` ${minUsd}`]),
      ...parameters.map((name) => `\`${name}\``),
    ]
    const beyond =
      bound === null ? '' : `\`${bound.when}\` ${bound.value ?? '(needed)'} ${unit}`.replace(' share', '')
    return [
      `\`${kind}\``,
      plain(about),
      `\`${figure}\``,
      beyond,
      takes.join(', '),
      Object.keys(details)
        .map((name) => `\`{${name}}\``)
        .join(' '),
    ]
  })
  return [
    '### Kinds of rules',
    table(['kind', 'watches', 'figure', 'fires', 'takes (default)', 'placeholders'], rows),
    ...aboutRules,
  ]
}

/** Importers, or sources of bills, as a Markdown table. */
function importerTable(formats: readonly Pick<Importer, 'id' | 'about' | 'example' | 'lacks'>[]): string {
  const rows = formats
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, about, example, lacks }) => [
      `\`${id}\``,
      about,
      example.startsWith('{') ? `\`${example}\`` : plain(example),
      plain(lacks),
    ])
  return table(['`--from`', 'reads', 'where it is, or how to export it', 'what it does not tell'], rows)
}

function optionTable(options: readonly OptionSpec[]): string {
  const rows = options.map(({ flags, about, choices, fallback, repeatable, setting }) => {
    const notes = [
      ...(choices === undefined ? [] : [`one of ${choices.join(', ')}`]),
      ...(repeatable === undefined ? [] : ['repeatable']),
      ...(fallback === undefined ? [] : [`default \`${String(fallback)}\``]),
      ...(setting === undefined
        ? []
        : [`else \`${variableOf(setting)}\`, else \`${setting}\` in the config file`]),
    ]
    return [`\`${flags}\``, [about, ...notes].join('; ')]
  })
  return table(['option', 'meaning'], rows)
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((c) => c.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n')

/** Text in which Markdown finds nothing to read. */
const plain = (text: string): string => text.replaceAll(/[*_~<]/g, '\\$&')

const sentence = (text: string): string => `${text[0]?.toUpperCase()}${text.slice(1)}.`

/** A page with what is made from the program put in its place; a page without such a place is as it was. */
export function withMadeParts(page: string): string {
  return Object.entries(madeParts).reduce((text, [name, made]) => {
    const begin = `<!-- ${name}: made by npm run docs -->`
    const end = `<!-- end of ${name} -->`
    const [from, to] = [text.indexOf(begin), text.indexOf(end)]
    if (from < 0 && to < 0) return text
    if (from < 0 || to < from) throw new Error(`the place for ${name} has no beginning or no end`)
    return `${text.slice(0, from + begin.length)}\n${made()}\n${text.slice(to)}`
  }, page)
}

const madeParts: Readonly<Record<string, () => string>> = {
  importers: () => importerTable(importers),
  bills: () => importerTable(billSources),
  imports: importRules,
}

interface LintRules {
  readonly overrides: readonly {
    readonly rules: {
      readonly 'no-restricted-imports'?: readonly [
        string,
        { readonly patterns: readonly { readonly message: string }[] },
      ]
    }
  }[]
}

/** The messages of the linter's import rules, each once. */
function importRules(): string {
  const lint = JSON.parse(readFileSync(new URL('../.oxlintrc.json', import.meta.url), 'utf8')) as LintRules
  const messages = lint.overrides.flatMap(({ rules }) =>
    (rules['no-restricted-imports']?.[1].patterns ?? []).map(({ message }) => message),
  )
  return list([...new Set(messages)])
}
