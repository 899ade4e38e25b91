/** How seldom chance brings what was found, in words. */

const hoursOfYear = 8766
/** Widths of hours, of calls and of money: each is tested every hour. */
const testsAnHour = 8

/**
 * Years until chance alone would bring as much somewhere among the series: each hour of each is tested for eight
 * things, and one test is passed by chance with a probability of at most e to the power of minus `surprise`.
 */
const yearsOfChance = (surprise: number, series: number): number =>
  Math.exp(surprise) / (hoursOfYear * testsAnHour * Math.max(1, series))

/** `chance does that less than once in ten years`: no more is said, since no history proves more. */
export function chanceText(surprise: number, series: number): string {
  const years = yearsOfChance(surprise, series)
  const often =
    years >= 10
      ? 'once in ten years'
      : years >= 1
        ? 'once a year'
        : years >= 1 / 12
          ? 'once a month'
          : undefined
  return often === undefined ? 'chance seldom does that' : `chance does that less than ${often}`
}
