/** How old the price data are for a call: judged by when the call was made, never by today's date. */
import { dayMs } from '../time/zones.js'

/** Prices change every few weeks: calls later than their prices by more days than these are named. */
export const latePriceDays = 30

/**
 * The first moment at which a call is later than the price data by more than `days` days, ISO 8601 UTC.
 * @param date of the price data, `YYYY-MM-DD`
 */
export function lateFrom(date: string, days: number = latePriceDays): string {
  return new Date(Date.parse(date) + (Math.floor(days) + 1) * dayMs).toISOString()
}

/** Whole UTC days from the price data's date to a call's. */
export function daysLate(date: string, ts: string): number {
  return Math.floor((Date.parse(ts) - Date.parse(date)) / dayMs)
}
