/** `llmcost prices update`: newer prices from a list, when asked for; the one command that fetches anything for itself. */
import { readFileSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { decoded, download, downloadUrl, placeWords, standardDownload } from '../../delivery/download.js'
import { instantFrom } from '../../domain/time/periods.js'
import { UserError } from '../../errors.js'
import { loadPriceBook } from '../../pricing/book.js'
import { loadCatalogue } from '../../pricing/catalogue.js'
import { readPriceList } from '../../pricing/lists/price-list.js'
import { readUpdates, writeUpdates } from '../../pricing/lists/update-file.js'
import { isJump, type PriceChange } from '../../pricing/lists/price-changes.js'
import { planUpdate } from '../../pricing/lists/update-plan.js'
import { UpdateLayer } from '../../pricing/lists/updates.js'
import { priceUpdateReport, undoneReport, unitWords } from '../../reports/prices/price-update.js'
import { configOption, outputOptions, type CommandSpec, type Invocation, type Outcome } from '../command.js'
import { settingsOf } from '../settings.js'
import type { Settings } from '../../questions/question.js'

export const pricesUpdate: CommandSpec = {
  name: 'update',
  summary: 'take newer prices from a list: a file, or an address that you name',
  details: `Known lists: data.json of genai-prices, model_prices_and_context_window.json of LiteLLM, api.json of models.dev.
Without an argument the list comes from price_update_url of the config file. Prices are never fetched but by this command.
A price that changes does so from today on, from the date that the list gives, or from --from-date; earlier calls keep theirs.
Your own price files still win. llmcost reprice then says what moves.
Updates are kept in price-updates.json of the platform's data folder, or in the file that LLMCOST_PRICE_UPDATES names.`,
  arguments: [{ name: '[list]', about: 'a file, or an address that begins with https://' }],
  options: [
    { flags: '--from-date <date>', about: 'day from which changed prices hold (default: today)' },
    { flags: '--dry-run', about: 'show what would change, and write nothing' },
    { flags: '--undo', about: 'take the last update back' },
    { flags: '--yes', about: 'take prices that change by more than ten times, too' },
    configOption,
    ...outputOptions,
  ],
  examples: [
    { command: 'llmcost prices update https://models.dev/api.json --dry-run', about: 'what would change' },
    {
      command: 'llmcost prices update model_prices_and_context_window.json --from-date 2026-11-01',
      about: "LiteLLM's table, saved before; prices that changed did so on that day",
    },
    { command: 'llmcost prices update --undo', about: 'as if the last update had never been' },
  ],
  async run(invocation) {
    const settings = await settingsOf(invocation)
    const path = settings.priceUpdates
    if (path === undefined) {
      throw new UserError('there is no home folder to keep price updates in', {
        code: 'usage',
        hint: 'Name a file with LLMCOST_PRICE_UPDATES, or set HOME.',
      })
    }
    return invocation.options['undo'] === true
      ? undo(invocation, settings, path)
      : update(invocation, settings, path)
  },
}

async function update(invocation: Invocation, settings: Settings, path: string): Promise<Outcome> {
  const { options, now } = invocation
  const since = dayOf(options['fromDate'])
  const earlier = readUpdates(path)
  const { text, source, where } = await listOf(invocation.args[0], settings)
  const layer = new UpdateLayer(earlier)
  const catalogue = layer.extend(await loadCatalogue())
  const list = readPriceList(text, where, catalogue)
  // Overrides stay above every update: what they price is compared without them.
  const book = await loadPriceBook({ overrideFiles: [], updatesFile: path })
  const known =
    [catalogue.date, layer.date]
      .filter((date) => date !== null)
      .toSorted()
      .at(-1) ?? null
  const { rows, changes, passedOn } = planUpdate({
    models: list.models,
    catalogue,
    layer,
    resolve: (provider, model) => book.resolve(provider, model),
    today: now.toISOString().slice(0, 10),
    since,
    known,
  })
  const dryRun = options['dryRun'] === true
  const jumps = changes.filter(isJump)
  if (jumps.length > 0 && options['yes'] !== true && !dryRun) throw refusal(jumps, where)
  const { shape, models, free, ambiguous } = list
  const made = { made: now.toISOString(), source, models: models.length, rows }
  if (!dryRun) writeUpdates(path, [...earlier, made])
  const after = await loadPriceBook({ overrideFiles: settings.priceFiles, updatesFile: path })
  const about = { changes, shape, source, models: models.length, free, ambiguous, passedOn, dryRun, path }
  return { report: priceUpdateReport({ ...about, jumps: jumps.map(jumpWords) }, after) }
}

async function undo(invocation: Invocation, settings: Settings, path: string): Promise<Outcome> {
  const updates = readUpdates(path)
  const last = updates.at(-1)
  if (invocation.args[0] !== undefined) {
    throw new UserError(`--undo takes the last update back, and no list (${invocation.args[0]})`, {
      code: 'usage',
      hint: 'Leave one of them out.',
    })
  }
  if (last === undefined) {
    throw new UserError('there is no price update to take back', {
      location: path,
      hint: 'None was made, or each was taken back.',
    })
  }
  const dryRun = invocation.options['dryRun'] === true
  if (!dryRun) writeUpdates(path, updates.slice(0, -1))
  const book = await loadPriceBook({ overrideFiles: settings.priceFiles, updatesFile: path })
  return { report: undoneReport({ ...last, rows: last.rows.length }, { dryRun }, book) }
}

/** The list's text; `source` is what prices call it, `where` what errors do. */
async function listOf(
  given: string | undefined,
  { config }: Settings,
): Promise<{ text: string; source: string; where: string }> {
  const isAddress = given !== undefined && /^[a-z][a-z\d+.-]*:\/\//i.test(given)
  if (given !== undefined && !isAddress) {
    const where = resolve(given)
    return { text: decoded(fileOf(where), where), source: basename(where), where }
  }
  const address = given ?? config.priceUpdateUrl
  if (address === undefined) {
    throw new UserError('which list of prices?', {
      code: 'usage',
      hint: 'Name a file or an address, such as https://models.dev/api.json, or set price_update_url in the config file.',
    })
  }
  const url = downloadUrl(address, given === undefined ? 'price_update_url' : address)
  return { text: await download(url), source: placeWords(url), where: placeWords(url) }
}

function fileOf(path: string): Uint8Array {
  const fault = (what: string): UserError =>
    new UserError(`the price list ${what}`, { location: path, hint: 'Name a file of prices, or an address.' })
  try {
    const about = statSync(path)
    if (!about.isFile()) throw fault('is no file')
    if (about.size > standardDownload.bytes) throw fault('is larger than 64 MB')
    return readFileSync(path)
  } catch (error) {
    if (error instanceof UserError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw fault(code === 'ENOENT' ? 'is not there' : `cannot be read (${code ?? 'unknown'})`)
  }
}

/** @throws UserError (usage) for what is no day */
function dayOf(given: unknown): string | null {
  if (typeof given !== 'string') return null
  if (/^\d{4}-\d\d-\d\d$/.test(given) && instantFrom(given) !== undefined) return given
  throw new UserError(`--from-date ${given} is not a date`, { code: 'usage', hint: 'Write 2026-11-01.' })
}

const mostJumps = 5

function refusal(jumps: readonly PriceChange[], where: string): UserError {
  const more = jumps.length > mostJumps ? `; and ${jumps.length - mostJumps} more` : ''
  const named = jumps.slice(0, mostJumps).map(jumpWords).join('; ')
  const what = jumps.length === 1 ? 'a price changes' : `${jumps.length} prices change`
  return new UserError(`${what} by more than ten times: ${named}${more}`, {
    code: 'refused',
    location: where,
    hint: 'Nothing was written. Compare with the provider; --yes takes them.',
  })
}

const jumpWords = (change: PriceChange): string =>
  `${change.provider}/${change.model} ${unitWords(change)} $${change.before} → $${change.after}`
