/** Converts the calls of a database from here on, after it has looked whether each day has a rate; and says at which rates. */
import type { Database } from '../db/database.js'
import { noRate } from '../db/faults.js'
import { convertedColumns } from '../domain/costs/currency.js'
import { converted, moneyColumns, type Conversion } from './currency.js'
import { lay, type Statement } from './layer.js'

/** Days that an error names. */
const mostNamed = 3

/**
 * @param within the calls that will be asked for, as a condition that reads no amount
 * @param file where the rates are from
 * @throws NoRate that names the first days without a rate
 */
export async function convertTo(
  db: Database,
  conversion: Conversion,
  within: Required<Statement>,
  file: string,
): Promise<void> {
  const missing = await daysWithout(db, conversion, within)
  if (missing.length > 0)
    throw noRate(conversion.currency, missing.slice(0, mostNamed), {
      more: missing.length - Math.min(missing.length, mostNamed),
      takesBefore: conversion.takesBefore,
      location: file,
    })
  await lay(db, converted(conversion))
}

/** UTC days of converted calls. */
export async function daysWithin(
  db: Database,
  { sql, params }: Required<Statement>,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ day: string }>(
    `SELECT DISTINCT strftime(ts, '%Y-%m-%d') AS day FROM calls WHERE ${convertedColumns.cost} IS NOT NULL AND ${sql}`,
    { ...params },
  )
  return rows.map(({ day }) => day)
}

async function daysWithout(
  db: Database,
  { rates, takesBefore }: Conversion,
  { sql, params }: Required<Statement>,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ day: string }>(
    `SELECT DISTINCT strftime(ts, '%Y-%m-%d') AS day FROM calls WHERE coalesce(${moneyColumns.join(', ')}) IS NOT NULL AND ${sql} ORDER BY day`,
    { ...params },
  )
  const days = new Set(rates.map(({ day }) => day))
  const first = rates.reduce((least, { day }) => (day < least ? day : least), rates[0]!.day)
  return rows.map(({ day }) => day).filter((day) => (takesBefore ? day < first : !days.has(day)))
}

/** The lowest and the highest rate that calls with a cost were converted at; none where there is no such call. */
export async function ratesWithin(
  db: Database,
  { sql, params }: Required<Statement>,
): Promise<readonly string[]> {
  const { rate, cost } = convertedColumns
  const { least, most } = await db.one<{ least: string | null; most: string | null }>(
    `SELECT min(${rate}) AS least, max(${rate}) AS most FROM calls WHERE ${cost} IS NOT NULL AND ${sql}`,
    { ...params },
  )
  return [least, most].flatMap((one) => (one === null ? [] : one.replace(/\.?0+$/, '')))
}
