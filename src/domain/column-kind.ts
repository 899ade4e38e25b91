/** What a column holds decides how it is aligned, shortened, coloured and quoted. */
export const columnKinds = [
  'text', // label; left-aligned; null is (none) for a dimension, empty otherwise
  'time', // ISO 8601 UTC
  'count', // whole number: calls, tokens
  'usd', // exact decimal string or double, US dollars
  'price', // USD per million tokens
  'share', // 0–1; percent and a bar for people
  'rate', // 0–1; percent for people
  'change', // relative change, 0.25 = +25 %; signed percent for people, coloured
  'number', // any other number
  'ms', // milliseconds
  'bytes',
  'boolean',
  'status', // judgement in a word or two; `tones` of its column says which is good
  'json', // nested value
  'series', // numbers in the order of time, null for a gap; a sparkline for people
] as const

export type ColumnKind = (typeof columnKinds)[number]
