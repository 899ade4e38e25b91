/** What `llmcost doctor` looks at, in order: one entry each. A check tells of a problem, and never throws. */
import { ofSameCalls } from '../command-text.js'
import { duration } from '../../domain/time/duration.js'
import { existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { isAbsent } from '../../db/store-file.js'
import { openStoreForReading } from '../../db/store.js'
import { counted } from '../../domain/words/plurals.js'
import { bytes, count } from '../../domain/words/wording.js'
import { dayMs } from '../../domain/time/zones.js'
import { UserError } from '../../errors.js'
import { priceDataWords } from '../../ingest/price-data.js'
import { history } from '../../metrics/store/history.js'
import { statusQuery, type StatusRow } from '../../metrics/store/status.js'
import { loadPriceBook } from '../../pricing/book.js'
import type { Checked } from '../../reports/store/doctor.js'
import { lateWords } from '../../reports/notes.js'
import { unmatchedWords } from '../../reports/unmatched.js'
import type { Invocation } from '../command.js'
import { channels, mailServer } from './doctor-delivery.js'
import { chosen, configNamedBy, configOf } from '../precedence.js'
import type { LateCallsRow } from '../../metrics/doubts/late-calls.js'
import { ask, lateCallsIn } from '../../questions/question.js'
import { priceData, settingsOf } from '../settings.js'
import { standingOf } from '../trusting.js'
import { unmatchedFilters } from '../../questions/unmatched.js'

/** What a check found; one that looks at several things gives each a name. */
export type Answer = Omit<Checked, 'check'> & { readonly check?: string }

export interface DoctorCheck {
  readonly name: string
  readonly look: (invocation: Invocation) => Promise<Answer | readonly Answer[]>
}

/** A clock that is further behind than the newest call is likely to be wrong. */
const clockSlackMs = 5 * 60_000

export const doctorChecks: readonly DoctorCheck[] = [
  { name: 'program', look: program },
  { name: 'config file', look: configFile },
  { name: 'database', look: database },
  { name: 'calls', look: calls },
  { name: 'clock', look: clock },
  { name: 'time zone', look: timeZone },
  { name: 'prices', look: prices },
  { name: 'filters', look: filters },
  { name: 'channels', look: channels },
  { name: 'mail server', look: mailServer },
  { name: 'terminal', look: terminal },
]

/** A line for each thing looked at; what a check could not find out is its problem, told once however many meet it. */
export async function examine(
  invocation: Invocation,
  checks: readonly DoctorCheck[] = doctorChecks,
): Promise<Checked[]> {
  const found: Checked[] = []
  for (const { name, look } of checks) {
    for (const answer of [await look(invocation).catch(problem)].flat()) {
      const told = answer.health === 'problem' && found.some((earlier) => earlier.found === answer.found)
      if (!told) found.push({ check: name, ...answer })
    }
  }
  return found
}

/** @throws anything that is no UserError: a defect must not read as advice */
function problem(error: unknown): Answer {
  if (!(error instanceof UserError)) throw error
  const where = error.location === undefined ? '' : ` (${error.location})`
  return {
    health: 'problem',
    found: error.message + where,
    ...(error.hint ? { next: error.hint.replaceAll('\n', ' ') } : {}),
  }
}

async function program({ version }: Invocation): Promise<Answer> {
  const { node } = process.versions
  const found = `llmcost ${version}, Node ${node}, ${process.platform} ${process.arch}`
  const [major = 0, minor = 0] = node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return { health: 'ok', found }
  return { health: 'problem', found, next: 'Node 20.19 or newer is needed.' }
}

async function configFile(invocation: Invocation): Promise<Answer | readonly Answer[]> {
  const { path, trustedSince } = await configOf(invocation)
  if (path === undefined) return { health: 'ok', found: 'none; llmcost init writes one' }
  const name = configNamedBy(invocation)
  const file: Answer = { health: 'ok', found: name === undefined ? path : `${path} (${name})` }
  if (trustedSince === undefined) return file
  return [file, { check: 'trust', health: 'ok', found: await standingOf(path, trustedSince) }]
}

async function database(invocation: Invocation): Promise<Answer> {
  const { dbPath } = await settingsOf(invocation)
  const said = await chosen(invocation, 'db')
  const named = `${dbPath} (${said === undefined ? 'default' : said.said === 'db' ? 'config file' : said.said})`
  if (isAbsent(dbPath)) {
    const next = `It is made by the first llmcost ingest${existsSync(dirname(dbPath)) ? '' : ', with its folder'}.`
    return { health: 'note', found: `not there yet: ${named}`, next }
  }
  return { health: 'ok', found: `${bytes(statSync(dbPath).size)}, ${named}` }
}

/** What the store holds; undefined where there is none. */
async function stored(invocation: Invocation): Promise<StatusRow | undefined> {
  const { dbPath, storeOptions } = await settingsOf(invocation)
  if (isAbsent(dbPath)) return undefined
  const db = await openStoreForReading(dbPath, storeOptions)
  try {
    const { sql, params } = statusQuery()
    return await db.one<StatusRow>(sql, params)
  } finally {
    db.close()
  }
}

async function calls(invocation: Invocation): Promise<Answer> {
  const row = await stored(invocation)
  if (row === undefined || Number(row.calls) === 0) {
    return {
      health: 'note',
      found: 'none yet',
      next: `${ofSameCalls(invocation)('llmcost ingest <logs>')} reads some.`,
    }
  }
  const found = `${count(row.calls)} from ${counted(row.files, 'file')}, the newest ${day(row.last_ts)}`
  if (Number(row.unpriced_calls) === 0) return { health: 'ok', found }
  return {
    health: 'note',
    found: `${found}; ${count(row.unpriced_calls)} without a price`,
    next: `${ofSameCalls(invocation)('llmcost prices check')} says what to do about each model.`,
  }
}

const day = (iso: string | null): string => (iso ?? '').slice(0, 10)

async function clock(invocation: Invocation): Promise<Answer> {
  const { now } = invocation
  const row = await stored(invocation).catch(() => undefined)
  const found = now.toISOString().slice(0, 19).replace('T', ' ')
  const ahead = row?.last_ts ? Date.parse(row.last_ts) - now.getTime() : 0
  if (ahead <= clockSlackMs) return { health: 'ok', found: `${found} UTC` }
  return {
    health: 'problem',
    found: `${found} UTC, and the newest call is ${duration(ahead)} later`,
    next: 'Set the clock, or look at the log: its times may be in a zone that --input-tz should name.',
  }
}

async function timeZone(invocation: Invocation): Promise<Answer> {
  const { tz } = await settingsOf(invocation)
  const said = (await chosen(invocation, 'tz'))?.said
  const from = said === undefined || (said === '--tz' && !invocation.given('tz')) ? 'default' : said
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone
  return {
    health: 'ok',
    found: `days begin in ${tz} (${from === 'tz' ? 'config file' : from}); this machine is in ${here}`,
  }
}

async function prices(invocation: Invocation): Promise<Answer> {
  const settings = await settingsOf(invocation)
  const { priceFiles } = settings
  const book = await loadPriceBook(priceData(settings))
  const files = priceFiles.length === 0 ? '' : `, with ${priceFiles.join(', ')}`
  const age = book.known === null ? null : (invocation.now.getTime() - Date.parse(book.known)) / dayMs
  const found = `${priceDataWords(book)}${age === null ? '' : `, ${count(Math.max(0, Math.floor(age)))} days old`}${files}`
  const row = await stored(invocation).catch(() => undefined)
  if (row?.price_fingerprint && row.price_fingerprint !== book.fingerprint) {
    return {
      health: 'note',
      found,
      next: `Stored costs rest on other prices: ${ofSameCalls(invocation)('llmcost reprice')} works them out anew.`,
    }
  }
  const last = book.updates.at(-1)?.made.slice(0, 10)
  if (last !== undefined && book.date !== null && last < book.date) {
    return {
      health: 'note',
      found: `${found}; the update is older than the bundled prices, and still wins over them`,
      next: 'llmcost prices update takes newer prices; --undo takes the update back.',
    }
  }
  const old = await lateCallsStored(invocation).catch(() => undefined)
  if (old === undefined || Number(old.late.late_calls) === 0) return { health: 'ok', found }
  const next = 'llmcost prices update takes newer prices; a newer llmcost has some, too.'
  return { health: 'note', found: `${found}; ${lateWords(old.late, old.date)}`, next }
}

/** Calls that are later than the prices that they have; undefined where there is no store. */
async function lateCallsStored(
  invocation: Invocation,
): Promise<{ late: LateCallsRow; date: string | null } | undefined> {
  const { dbPath, storeOptions } = await settingsOf(invocation)
  if (isAbsent(dbPath)) return undefined
  const db = await openStoreForReading(dbPath, storeOptions)
  try {
    const [past] = await ask(db, history(invocation.now.toISOString()))
    if (past === undefined) return undefined
    return { late: await lateCallsIn(db, everywhere, past), date: past.price_date }
  } finally {
    db.close()
  }
}

/** Rules and budgets about calls of which there are none: mistyped, or of another time. */
async function filters(invocation: Invocation): Promise<Answer | readonly Answer[]> {
  const { config, dbPath, storeOptions } = await settingsOf(invocation)
  const named = [
    ...config.rules.filter(({ enabled }) => enabled).map((rule) => ({ ...rule, check: `rule ${rule.name}` })),
    ...config.budgets.map((budget) => ({ ...budget, check: `budget ${budget.name}` })),
  ].filter((one) => one.filters.length > 0)
  if (named.length === 0) return { health: 'ok', found: 'no rule or budget has a where' }
  const row = await stored(invocation).catch(() => undefined)
  if (row === undefined || Number(row.calls) === 0)
    return { health: 'ok', found: 'there are no calls to hold them against' }
  const db = await openStoreForReading(dbPath, storeOptions)
  try {
    const answers: Answer[] = []
    for (const { check, filters: own } of named) {
      const unmatched = await unmatchedFilters(db, { since: null, until: null, filters: own })
      for (const one of unmatched)
        answers.push({ check, health: 'note', found: unmatchedWords(one, everywhere), next: mistyped })
    }
    return answers.length > 0 ? answers : { health: 'ok', found: `calls pass those of ${list(named)}` }
  } finally {
    db.close()
  }
}

const everywhere = { since: null, until: null, filters: [], tz: 'UTC' }
const mistyped = 'Correct it in the config file, unless such calls are still to come.'

const list = (named: readonly { readonly check: string }[]): string =>
  named.map(({ check }) => check).join(', ')

async function terminal({ terminal: { columns }, env }: Invocation): Promise<Answer> {
  const tty = process.stdout.isTTY ? 'a terminal' : 'no terminal'
  const color = env['NO_COLOR']
    ? 'NO_COLOR is set'
    : env['FORCE_COLOR']
      ? 'FORCE_COLOR is set'
      : 'colour where it is one'
  return { health: 'ok', found: `${tty}, ${columns} columns, ${color}` }
}
