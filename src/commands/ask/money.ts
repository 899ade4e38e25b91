/** What the dollars of an answer are: lays it over the calls before they are asked, and says it of the answer. */
import type { LaidOver } from '../../bases/allocation.js'
import type { Agreed } from '../../bases/registry.js'
import type { Config } from '../../config/config.js'
import { hasElsewhere } from '../../db/absent-calls.js'
import type { Database } from '../../db/database.js'
import { basisWords, type MoneyBasis } from '../../domain/costs/basis.js'
import type { Currency } from '../../domain/costs/currency.js'
import type { Scope } from '../../domain/scope.js'
import { inScope } from '../../metrics/scope.js'
import type { Report } from '../../reports/report.js'
import { answerFromCallsAlone, answerFromCallsOrCells } from '../../rollups/answering.js'
import { countCells, isPlain } from '../../rollups/counted-cells.js'
import { convert, ratesSaid, type Converting } from './converting.js'

/** From here on all is counted on the basis; sums tell it where there are no calls, as far as they can. */
export async function countedAs(
  db: Database,
  basis: MoneyBasis,
  agreed: Agreed,
  billZones: Config['billZones'],
): Promise<void> {
  const { countAs } = await import('../../bases/count.js')
  await countAs(db, basis, agreed, billZones)
  if (!isPlain(basis) || !(await hasElsewhere(db, "owner = 'cube'"))) return answerFromCallsAlone(db)
  await countCells(db, basis)
  answerFromCallsOrCells(db)
}

/** From here on shared cost is with cost centers; no sums are kept of it. */
export async function allocateCosts(db: Database, { allocation }: Config, over: LaidOver): Promise<void> {
  const { allocate } = await import('../../bases/allocate.js')
  await allocate(db, allocation, over)
  answerFromCallsAlone(db)
}

/** The report with what was allocated, below its first table. */
export async function withAllocated<T>(
  answered: T,
  db: Database,
  { allocation }: Config,
  scope: Scope,
): Promise<T> {
  if (typeof answered !== 'object' || answered === null || !('warnings' in answered)) return answered
  const { allocatedWords } = await import('../../bases/allocate.js')
  const { nearCenters } = await import('../../bases/near-centers.js')
  const { note, warnings } = await allocatedWords(db, inScope(scope), scope.currency)
  const near = allocation === undefined ? [] : await nearCenters(db, allocation)
  const report = answered as unknown as Report
  const sections = report.sections.map((one, i) =>
    i > 0 || note === undefined ? one : { ...one, notes: [...(one.notes ?? []), note] },
  )
  return {
    ...answered,
    sections,
    warnings: [...near, ...warnings, ...report.warnings],
    data: { ...report.data, allocated: true },
  }
}

/** From here on all money is in the currency; sums are kept in dollars alone. */
export async function convertedTo(db: Database, converting: Converting, scope: Scope): Promise<void> {
  await convert(db, converting, scope)
  answerFromCallsAlone(db)
}

/** What an answer counts as money, where that is not the usual. */
interface Money {
  readonly basis?: MoneyBasis | undefined
  readonly currency?: Currency | undefined
  /** What of it is of no call, or left out. */
  readonly said: readonly string[]
  readonly footer: readonly string[]
  readonly data: NonNullable<Report['data']>
}

export async function moneyOf(
  db: Database,
  scopes: readonly Scope[],
  converting: Converting | undefined,
): Promise<Money | undefined> {
  const scope = scopes[0]!
  const { basis, currency } = scope
  if (basis === undefined && converting === undefined) return undefined
  const said = basis === undefined ? [] : await saidOfBasis(db, basis, scope)
  const rates = converting === undefined ? undefined : await ratesSaid(db, converting, scopes)
  return {
    basis,
    currency,
    said,
    footer: rates?.words ?? [],
    data: { ...(basis && { costBasis: basis }), ...(rates && { exchangeRates: rates.data }) },
  }
}

async function saidOfBasis(db: Database, basis: MoneyBasis, scope: Scope): Promise<readonly string[]> {
  const { saidOf } = await import('../../bases/count.js')
  return saidOf(db, basis, inScope(scope), scope.currency)
}

/** The answer with what its money is: a report, or what has one. */
export async function inMoney<T>(answered: T, money: Money | undefined): Promise<T> {
  if (money === undefined || typeof answered !== 'object' || answered === null) return answered
  if ('report' in answered && answered.report !== undefined)
    return { ...answered, report: await inMoney(answered.report, money) }
  if (!('warnings' in answered && 'title' in answered)) return answered
  return (await reportInMoney(answered as unknown as Report, money)) as unknown as T
}

async function reportInMoney(
  report: Report,
  { basis, currency, said, footer, data }: Money,
): Promise<Report> {
  const words = [...(basis ? [basisWords[basis]] : []), ...(currency ? [`in ${currency}`] : [])]
  const named = [report.title, ...words].join(', ')
  const told: Report = {
    ...report,
    title: named,
    sections: report.sections.map((one) => (one.title === report.title ? { ...one, title: named } : one)),
    warnings: [...said, ...report.warnings],
    ...(report.brief && {
      brief: { ...report.brief, doubts: [...said.map((text) => ({ text })), ...report.brief.doubts] },
    }),
    footer: [...(report.footer ?? []), ...footer],
    data: { ...report.data, ...data },
  }
  if (currency === undefined) return told
  const { inCurrency } = await import('../../reports/prices/currency.js')
  return inCurrency(told, currency)
}
