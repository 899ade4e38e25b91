/** `llmcost export focus`: charges by the FinOps FOCUS specification, for the tools of a finance team. */
import { parseDimensions, type Dimension } from '../../domain/dimensions.js'
import type { Scope } from '../../domain/scope.js'
import { count, usd } from '../../domain/words/wording.js'
import { UserError } from '../../errors.js'
import type { ExportFormat } from '../../exports/columns.js'
import { focusColumns, focusVersions, type FocusVersion } from '../../metrics/exports/focus-columns.js'
import { coveredCalls } from '../../metrics/exports/focus-billed.js'
import { focus } from '../../metrics/exports/focus.js'
import {
  scopeOptions,
  sourceOptions,
  storeOptions,
  type CommandSpec,
  type Invocation,
  type Outcome,
} from '../command.js'
import { destinationOf, exported, exportOptions, warnOfDoubts, writtenIn } from './exporting.js'
import { ask, type Question } from '../../questions/question.js'
import { optionText, optionTexts } from '../option-values.js'
import { withCalls } from '../with-calls.js'

const formats: readonly ExportFormat[] = ['csv', 'parquet']
const latest = focusVersions[0]

export const exportFocus: CommandSpec = {
  name: 'focus',
  summary: 'charges by the FinOps FOCUS specification, a row a day, SKU and tags',
  details: [
    'BilledCost adds up to cost_usd of the same calls, to the last digit. Days and billing months are UTC.',
    'Calls without a price have no amount to state and are left out, with a warning; so are response-cache hits that cost nothing.',
  ].join('\n'),
  more: `Columns of FOCUS ${latest}: ${focusColumns(latest)
    .map(({ name }) => name)
    .join(', ')}.`,
  options: [
    ...exportOptions(formats),
    {
      flags: '--focus-version <version>',
      about: `of the specification: ${focusVersions.join(', ')}`,
      fallback: latest,
      group: 'Output',
    },
    {
      flags: '--by <dimensions>',
      about: 'what goes into Tags, with commas; none for nothing',
      fallback: 'team,feature,environment',
      group: 'Question',
    },
    {
      flags: '--billing-account <id>',
      about: 'BillingAccountId, for all or as provider=id',
      repeatable: true,
      group: 'Question',
    },
    {
      flags: '--billed',
      about: 'charges of bills in place of the calls that they cover, a provider and day or month at a time',
      group: 'Question',
    },
    ...scopeOptions,
    ...sourceOptions,
    ...storeOptions,
  ],
  examples: [
    {
      command: 'llmcost export focus --since last-month --billing-account acme --output focus.csv',
      about: 'the last month',
    },
    {
      command:
        'llmcost export focus --billing-account openai=org-1 --billing-account anthropic=a-2 --by team,tag.project --output focus.parquet',
      about: 'an account for each provider, other tags',
    },
    {
      command: 'llmcost export focus --focus-version 1.2 --billing-account acme --output focus.csv',
      about: 'for a tool that reads an older version',
    },
  ],
  run: async (invocation) => {
    const version = versionOf(optionText(invocation, 'focusVersion') ?? latest)
    const destination = destinationOf(invocation, formats)
    const by = tagDimensions(optionText(invocation, 'by') ?? 'none')
    const accounts = accountsOf(optionTexts(invocation, 'billingAccount'))
    const billed = invocation.options['billed'] === true
    const answer = async (question: Question): Promise<Outcome> => {
      if (billed) assertBilledFilters(question.scope)
      const { contracts = [] } = question.settings.config
      const { sql, params } = focus({ version, scope: question.scope, by, accounts, contracts, billed })
      const outcome = await exported(
        invocation,
        question.db,
        { columns: focusColumns(version, billed), sql, params },
        destination,
        ['charge', 'charges'],
      )
      warnOfAccounts(invocation, accounts)
      await tellOfBills(invocation, question, billed)
      await warnOfDoubts(invocation, question)
      return outcome
    }
    return withCalls(invocation, answer, undefined, writtenIn(destination))
  },
}

function versionOf(text: string): FocusVersion {
  const version = focusVersions.find((known) => known === text)
  if (version !== undefined) return version
  throw new UserError(`--focus-version ${text} is not known`, {
    code: 'usage',
    hint: `Known: ${focusVersions.join(', ')}.`,
  })
}

function tagDimensions(text: string): readonly Dimension[] {
  const by = parseDimensions(text)
  const time = by.find(({ kind }) => kind === 'time')
  if (time === undefined) return by
  throw new UserError(`--by ${time.key}: a time is no tag`, {
    code: 'usage',
    hint: 'Charges are a row a day; name labels such as team or feature.',
  })
}

/** `id` for all, `provider=id` for one. */
function accountsOf(texts: readonly string[]): Record<string, string> {
  const accounts: Record<string, string> = {}
  for (const given of texts) {
    const [, provider = '', id = ''] = /^(?:([a-z0-9-]+)=)?(.*)$/s.exec(given.trim()) ?? []
    if (id.trim() === '' || Object.hasOwn(accounts, provider)) {
      throw new UserError(
        `--billing-account ${given} ${id.trim() === '' ? 'names no account' : 'is given twice'}`,
        {
          code: 'usage',
          hint: 'Write --billing-account acme, or openai=org-1 for the account at one provider.',
        },
      )
    }
    accounts[provider] = id.trim()
  }
  return accounts
}

/** What bills know of a charge that calls know too. */
const billedDimensions = ['provider', 'model']

/** @throws UserError (usage) for a filter that no charge of a bill could pass or fail */
function assertBilledFilters({ filters }: Scope): void {
  const other = filters.find(({ dimension }) => !billedDimensions.includes(dimension))
  if (other === undefined) return
  throw new UserError(`--where ${other.dimension}: bills do not know it, so that --billed cannot ask by it`, {
    code: 'usage',
    hint: `Leave one of them out; with --billed, --where takes ${billedDimensions.join(' and ')}.`,
  })
}

/** Where bills and calls meet, says what stands for what. */
async function tellOfBills(invocation: Invocation, { db, scope }: Question, billed: boolean): Promise<void> {
  if (scope.filters.some(({ dimension }) => !billedDimensions.includes(dimension))) return
  for (const { provider, calls, cost_usd: cost, billed_cost: charged } of await ask(
    db,
    coveredCalls(scope),
  )) {
    if (Number(calls) === 0) continue
    const what = `${count(calls)} ${Number(calls) === 1 ? 'call' : 'calls'} to ${provider} (${usd(cost)})`
    invocation.terminal.warn(
      billed
        ? `note: bills stand for ${what}: ${usd(charged)} of their charges for usage begin in the window`
        : `warning: bills cover ${what}: --billed puts their charges in place of these calls`,
    )
  }
}

function warnOfAccounts(invocation: Invocation, accounts: Readonly<Record<string, string>>): void {
  if (Object.hasOwn(accounts, '')) return
  const others = Object.keys(accounts).length > 0 ? ' of all other providers' : ''
  invocation.terminal.warn(`warning: BillingAccountId${others} is "unknown": say it with --billing-account`)
}
