/** One or many. */
import { count, type Quantity } from './wording.js'

/** The word for one, or that for any other number: `is`, `are`. */
export const plural = (value: Quantity, one: string, many = `${one}s`): string =>
  Number(value ?? 0) === 1 ? one : many

/** `1 call`, `1,204 calls`; none of what is not known. */
export const counted = (value: Quantity, one: string, many = `${one}s`): string =>
  `${count(value ?? 0)} ${plural(value, one, many)}`
