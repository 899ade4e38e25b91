/** What became of the records of a file, or of all files of a run: the conservation law in numbers. */

/** `lines` is the sum of the others. */
export const countNames = ['lines', 'imported', 'duplicates', 'superseded', 'skipped', 'rejected'] as const

export type CountName = (typeof countNames)[number]

export type Counts = Readonly<Record<CountName, number>>

/** Each count by its name. */
export const countsBy = (count: (name: CountName) => number): Counts =>
  Object.fromEntries(countNames.map((name) => [name, count(name)])) as Counts

export const noCounts: Counts = countsBy(() => 0)

/** Sum of counts. */
export const addCounts = (parts: readonly Counts[]): Counts =>
  countsBy((name) => parts.reduce((total, part) => total + part[name], 0))
