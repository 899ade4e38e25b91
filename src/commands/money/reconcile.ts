/** `llmcost reconcile`: what was billed beside what the calls cost, and why the two differ. */
import { exitCodes, UserError } from '../../errors.js'
import { loadPriceBook } from '../../pricing/book.js'
import { priceDataWords } from '../../ingest/price-data.js'
import { billExtent } from '../../metrics/comparison/reconciling.js'
import { ask } from '../../questions/question.js'
import { suggestedPrices } from '../../questions/suggested-prices.js'
import { daysOf } from '../../questions/reconciling/charges.js'
import { reconcileDimensions, type ReconcileDimension } from '../../questions/reconciling/compared.js'
import { isBeyond, reconcile } from '../../questions/reconciling/reconciling.js'
import type { ZoneOf } from '../../questions/reconciling/zones.js'
import { reconcileReport } from '../../reports/comparison/reconcile.js'
import { listCostOptions, type CommandSpec, type Invocation, type Outcome } from '../command.js'
import { optionText } from '../option-values.js'
import { priceData } from '../settings.js'
import { withCalls } from '../with-calls.js'

export const reconcileCommand: CommandSpec = {
  name: 'reconcile',
  summary: 'compare bills with the calls, and say why they differ',
  details: `Bills are what llmcost ingest reads of them. Days begin in the biller's zone: UTC, or what bill_zones of the config
file says, or --tz for all. Without --since all days that bills are of. The parts of the difference add up to it; a cause is named where the bill's own data tell it.`,
  options: [
    {
      flags: '--by <dimensions>',
      about: `one or more of ${reconcileDimensions.join(', ')}, with commas`,
      fallback: 'day,provider',
      group: 'Question',
    },
    {
      flags: '--biller <name>',
      about: 'the bills of this biller alone (llmcost status lists them)',
      group: 'Question',
    },
    {
      flags: '--fail-over <share>',
      about: 'exit code 3 where the difference is more than this share of what was billed, such as 2%',
      group: 'Question',
    },
    ...listCostOptions,
  ],
  examples: [
    { command: 'llmcost reconcile', about: 'all days that bills are of' },
    { command: 'llmcost reconcile --since 2026-09 --by model --fail-over 2%', about: 'a month, for CI' },
  ],
  run: async (invocation) => {
    const by = dimensionsOf(invocation)
    const share = shareOf(invocation)
    return withCalls(invocation, async ({ db, scope, settings, history, typed }): Promise<Outcome> => {
      for (const { dimension } of scope.filters) assertOnBoth(dimension)
      const book = await loadPriceBook(priceData(settings))
      const zoneOf = zonesOfBillers(invocation, settings.config.billZones, scope.tz)
      const whole = daysOf(await ask(db, billExtent()), zoneOf, scope.tz)
      const isOpen = !invocation.given('since')
      const since = scope.since ?? whole?.since ?? history.first_ts ?? scope.until
      const until = isOpen && !invocation.given('until') ? (whole?.until ?? scope.until) : scope.until
      if (since === null || until === null) throw new Error('a window has no end')
      const window = { ...scope, since, until }
      const found = await reconcile(db, window, by, optionText(invocation, 'biller'), book, zoneOf)
      const report = reconcileReport({
        ...found,
        by,
        priceData: priceDataWords(book),
        overrides: suggestedPrices(found.parts, book, found.window.since.slice(0, 10)),
      })
      const fails = share !== undefined && isBeyond(found, share)
      const next = found.rows.length === 0 ? [typed('llmcost ingest bills/')] : []
      return { report: { ...report, next }, ...(fails ? { exitCode: exitCodes.check } : {}) }
    })
  },
}

/** As `--cost billed` takes them, so that both cut a bill's day alike; `--tz` says another for all. */
function zonesOfBillers(
  invocation: Invocation,
  zones: Readonly<Record<string, string>> = {},
  tz: string,
): ZoneOf {
  if (invocation.given('tz')) return () => tz
  return (biller) => (Object.hasOwn(zones, biller) ? zones[biller]! : 'UTC')
}

function dimensionsOf(invocation: Invocation): readonly ReconcileDimension[] {
  const names = (optionText(invocation, 'by') ?? '').split(',').map((name) => name.trim())
  return names.map((name) => {
    const found = reconcileDimensions.find((one) => one === name)
    if (found !== undefined) return found
    throw new UserError(`--by ${name} is on no bill`, {
      code: 'usage',
      hint: `Bills and calls can both be grouped by ${reconcileDimensions.join(', ')}.`,
    })
  })
}

/** A filter must mean the same on both sides. */
function assertOnBoth(dimension: string): void {
  if (['provider', 'model', 'project'].includes(dimension)) return
  throw new UserError(`--where ${dimension} is on no bill`, {
    code: 'usage',
    hint: 'Bills and calls can both be filtered by provider, model and project.',
  })
}

function shareOf(invocation: Invocation): number | undefined {
  const text = optionText(invocation, 'failOver')
  if (text === undefined) return undefined
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text)
  if (match !== null) return Number(match[1]) / 100
  throw new UserError(`--fail-over ${text} is no share`, { code: 'usage', hint: 'Write 2% or 0.5%.' })
}
