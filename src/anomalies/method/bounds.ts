/**
 * Bounds of the tests by medians, as multiples of the noise, of the norm and of the account's usual day; `rest` is the
 * share of the excess that must remain without its dearest call or hour, `calls` the number of equal calls
 * that the cost must be worth (Kish's effective number).
 */
export const bounds = {
  spike: { noise: 6, norm: 3, day: 0.05, rest: 0.5, calls: 4.5 },
  sustained: { noise: 8, norm: 2, day: 0.25, rest: 0.5, personNorm: 3, personDay: 0.15, calls: 4.5 },
  drift: { growth: 1.5, dearestDays: 2, steps: 1.3 },
  drop: { noise: 2, norm: 0.1, day: 0.1 },
} as const

/** Beside the test by likelihood: too few calls to prove anything, and yet more than a whole usual day's cost. */
const wholeDay = { day: 1, personDay: 1e9 } as const

/** What a sustained excess must be above: multiples of the norm, and usual days. A person's series is small beside the account. */
export function sustainedBounds(
  isPerson: boolean,
  timesShare: number,
  ofWholeDays = false,
): { readonly norm: number; readonly day: number } {
  const { norm, personNorm, day, personDay } = bounds.sustained
  const days = ofWholeDays ? wholeDay : { day: day * timesShare, personDay: personDay * timesShare }
  return isPerson ? { norm: personNorm, day: days.personDay } : { norm, day: days.day }
}
