/** Whether the calls of an account keep the office hours of another zone than the one in which they are read. */

export interface OfficeHours {
  /** Hours that clocks of the office are ahead of those of the report. */
  readonly shift: number
  /** Share of the calls in 08:00–18:00 from Monday to Friday, by the clocks of the office and of the report. */
  readonly share: number
  readonly shareHere: number
}

/** When people of an office work, by their own clocks. */
const office = { from: 8, until: 18, days: 5 } as const

/**
 * What is clear evidence: so many calls, that many of them within office hours of the other zone, no more here than
 * calls round the clock would have (50 of 168 hours), and over a whole working day: a job of some hours at night is no
 * office.
 */
const evidence = { calls: 200, share: 0.75, shareHere: 1 / 3, hours: 8, hourShare: 0.03 } as const

const hoursOfWeek = 168

/** The middle of a working day of 09:00–18:00. */
const middle = 13.5

const mod = (value: number, by: number): number => ((value % by) + by) % by

/** @param calls by hour since Monday 00:00, 168 of them @returns undefined without clear evidence */
export function officeElsewhere(calls: readonly number[]): OfficeHours | undefined {
  const all = calls.reduce((sum, one) => sum + one, 0)
  if (all < evidence.calls || !lastsADay(calls, all)) return undefined
  /** Of the hours of working days, by the clocks of an office so many hours ahead. */
  const weigh = (shift: number, weight: (hour: number) => number): number =>
    calls.reduce((sum, one, i) => {
      const there = mod(i + shift, hoursOfWeek)
      return there < 24 * office.days ? sum + one * weight(there % 24) : sum
    }, 0) / all
  const within = (shift: number): number =>
    weigh(shift, (hour) => (hour >= office.from && hour < office.until ? 1 : 0))
  const nearness = (shift: number): number =>
    weigh(shift, (hour) => Math.cos((2 * Math.PI * (hour + 0.5 - middle)) / 24))
  const shifts = Array.from({ length: 29 }, (_, i) => i - 14)
  const shift = shifts.reduce((best, one) => (nearness(one) > nearness(best) ? one : best))
  const [share, shareHere] = [within(shift), within(0)]
  if (share < evidence.share || shareHere > evidence.shareHere) return undefined
  return { shift, share, shareHere }
}

function lastsADay(calls: readonly number[], all: number): boolean {
  const hours = Array.from({ length: 24 }, (_, hour) =>
    calls.reduce((sum, one, i) => (i % 24 === hour ? sum + one : sum), 0),
  )
  return hours.filter((one) => one >= evidence.hourShare * all).length >= evidence.hours
}
