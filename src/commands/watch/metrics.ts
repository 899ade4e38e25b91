/** `llmcost metrics`: figures for Prometheus, written once or served. */
import { parseBudget } from '../../domain/budgets/budget-option.js'
import { parseDimensions, type Dimension } from '../../domain/dimensions.js'
import { UserError } from '../../errors.js'
import { StoreInUse } from '../../db/store-lock.js'
import { isLoopback } from '../../machine/loopback.js'
import { parseAddress, serve, type Address, type Answer } from '../../exports/prometheus/server.js'
import { labelName } from '../../exports/prometheus/text.js'
import { budgetOption } from '../budget-option.js'
import { scopeOptions, sourceOptions, storeOptions, type CommandSpec, type Invocation } from '../command.js'
import { chosen } from '../precedence.js'
import { optionCount, optionText, optionTexts } from '../option-values.js'
import { scrape, type ScrapeRequest } from './scrape.js'

const defaultTop = 20

/** How long a scrape waits for a database in use: Prometheus gives up after ten seconds. */
const listenWait = '3s'

export const metricsCommand: CommandSpec = {
  name: 'metrics',
  summary: 'figures for Prometheus: as a text file, or served over HTTP',
  details: [
    'Counters are sums over all calls in the database; they fall only when calls are priced anew, forgotten or replaced. Gauges are as of now: budgets, the forecast of the month, open incidents, the newest call.',
    'Each label names --top values, the dearest first; all others are one, other. What is named is kept in the database, so that no series shrinks because another grows.',
    '--output writes the file in one step, as the textfile collector of the node exporter needs it. --listen serves /metrics until SIGTERM or SIGINT; it opens the database for each scrape alone, and answers with the last figures when another program has it.',
  ].join('\n'),
  options: [
    {
      flags: '--by <dimensions>',
      about: 'labels of the counters; any column or tag.x',
      fallback: 'provider,model,feature,environment,team',
      group: 'Question',
    },
    {
      flags: '-n, --top <n>',
      about: 'values that each label names; all others are other',
      fallback: String(defaultTop),
      group: 'Question',
    },
    {
      flags: '--renew',
      about: 'choose the values that labels name anew; their series start again',
      group: 'Question',
    },
    budgetOption,
    {
      flags: '--listen <address>',
      about: 'serve /metrics there, such as 127.0.0.1:9464, instead of writing once',
      group: 'Output',
    },
    { flags: '-o, --output <file>', about: 'write to a file, in one step', group: 'Output' },
    { flags: '-q, --quiet', about: 'no progress, hints or warnings on stderr', group: 'Output' },
    ...scopeOptions.filter(({ flags }) => /^--(as-of|tz|input) /.test(flags)),
    ...sourceOptions,
    ...storeOptions,
  ],
  examples: [
    { command: 'llmcost metrics', about: 'look at it' },
    {
      command: 'llmcost metrics --quiet --output /var/lib/prometheus/node-exporter/llmcost.prom',
      about: 'by cron, for the textfile collector: */5 * * * *',
    },
    { command: 'llmcost metrics --listen 127.0.0.1:9464', about: 'for Prometheus to scrape' },
  ],
  run: async (invocation) => {
    const request = requestOf(invocation)
    const listen = optionText(invocation, 'listen')
    if (listen === undefined) return { text: await scrape(invocation, request) }
    const address = parseAddress(listen)
    assertServable(invocation)
    await serveMetrics(invocation, request, address)
    return { text: '' }
  },
}

function requestOf(invocation: Invocation): ScrapeRequest {
  const by = parseDimensions(optionText(invocation, 'by') ?? 'none')
  assertLabels(by)
  return {
    by,
    top: optionCount(invocation, 'top') ?? defaultTop,
    budgets: optionTexts(invocation, 'budget').map(parseBudget),
    renew: invocation.options['renew'] === true,
  }
}

function assertLabels(by: readonly Dimension[]): void {
  const time = by.find(({ kind }) => kind === 'time')
  if (time !== undefined) {
    throw new UserError(`--by ${time.key}: time is no label`, {
      code: 'usage',
      hint: 'Prometheus knows when. For example --by provider,model,feature.',
    })
  }
  const names = by.map(({ key }) => labelName(key))
  const twice = by.find(({ key }, i) => names.indexOf(labelName(key)) < i)
  if (twice === undefined) return
  throw new UserError(`--by: two labels would be named ${labelName(twice.key)}`, {
    code: 'usage',
    hint: 'Labels have letters, digits and _ alone. Leave one of them out.',
  })
}

function assertServable(invocation: Invocation): void {
  const clash = ['output', 'input', 'renew'].find((name) => invocation.options[name] !== undefined)
  if (clash === undefined) return
  throw new UserError(`--listen does not go with --${clash}`, {
    code: 'usage',
    hint: 'It serves what is in the database: llmcost metrics --listen 127.0.0.1:9464.',
  })
}

async function serveMetrics(invocation: Invocation, request: ScrapeRequest, address: Address): Promise<void> {
  const { warn } = invocation.terminal
  if (!isLoopback(address.host))
    warn(`${address.host} can be asked from other machines, and asks for no password`)
  const waits = await chosen(invocation, 'lock_timeout')
  const isGiven = invocation.given('lockTimeout') || (waits?.said ?? '--lock-timeout') !== '--lock-timeout'
  const lockTimeout = isGiven ? invocation.options['lockTimeout'] : listenWait
  let last: string | undefined
  await serve({
    address,
    scrape: async () => {
      // The config file is read anew, too.
      const now = {
        ...invocation,
        now: new Date(),
        options: { ...invocation.options, lockTimeout },
        given: (name: string) => invocation.given(name) || (name === 'lockTimeout' && !isGiven),
      }
      try {
        last = await scrape(now, request)
        return { text: last }
      } catch (error) {
        const answer = failed(error, last)
        warn('failure' in answer ? answer.failure : 'the database is in use: answered with the last figures')
        return answer
      }
    },
    onListening: (url) => warn(`listening on ${url}`),
  })
}

/** While another program has the database, the last figures are the best there are; they carry their time. */
function failed(error: unknown, last: string | undefined): Answer {
  if (error instanceof StoreInUse && last !== undefined) return { text: last }
  const message = error instanceof Error ? error.message : String(error)
  return { failure: `llmcost: ${message}`, status: error instanceof UserError ? 503 : 500 }
}
