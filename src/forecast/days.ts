/**
 * Calendar days by name, `2026-10-02`, and the series of daily costs made of them. No zone is needed here:
 * which instants a local day covers is the metric's to say.
 */
import { monthOf, quarterOf, weekOf } from '../domain/time/calendar.js'
import { dayMs } from '../domain/time/zones.js'

/** Cost of one local day. */
export interface DailyCost {
  /** Local calendar day, `2026-10-02`. */
  readonly day: string
  /** USD; of the running day, what it has cost so far. */
  readonly cost_usd: number
  /** Share of the day that has gone, 0–1; 1 is a whole day. Only the last day may be less. */
  readonly complete: number
  /** USD that the day had cost by the clock time at which the series ends; absent: not known. */
  readonly cost_by_now_usd?: number
}

/** Whole calendar days, [since, until). */
export interface DayRange {
  readonly since: string
  readonly until: string
}

/** Days since 1970-01-01. */
export const dayNumber = (day: string): number => Math.round(Date.parse(`${day}T00:00:00Z`) / dayMs)

/** The name of a day by its number. */
export const dayName = (number: number): string => new Date(number * dayMs).toISOString().slice(0, 10)

/** 0 Monday … 6 Sunday; 1970-01-01 was a Thursday. */
export const weekday = (number: number): number => (((number + 3) % 7) + 7) % 7

export const addDays = (day: string, days: number): string => dayName(dayNumber(day) + days)

/** Number of days in a range. */
export const lengthOf = ({ since, until }: DayRange): number => dayNumber(until) - dayNumber(since)

export const periods = ['week', 'month', 'quarter'] as const
export type PeriodName = (typeof periods)[number]

const beginnings = { week: weekOf, month: monthOf, quarter: quarterOf } as const

/** The calendar period that a day is in; weeks begin on Monday. */
export function periodOf(day: string, period: PeriodName): DayRange {
  const local = dayNumber(day) * dayMs
  const name = (on: number): string => dayName(Math.round(beginnings[period](local, on) / dayMs))
  return { since: name(0), until: name(1) }
}
