/** Months in words: the platform's formats of dates take 12 ms of CPU to make the first one ready. */
const names = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

/** `2024-06` and any day of it as `June`. */
export const monthName = (day: string): string => names[Number(day.slice(5, 7)) - 1] ?? ''

/** `2024-06` and any day of it as `June 2024`. */
export const monthWords = (day: string): string => `${monthName(day)} ${day.slice(0, 4)}`
