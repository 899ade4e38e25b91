/** What each kind of bound may be in the config file. */
import type { BoundKind } from '../domain/bounds.js'
import { numeric, type Shape } from './shapes.js'

export function wholeNumber(most: number): Shape<number> {
  const fits = (n: number): boolean => Number.isInteger(n) && n >= 1 && n <= most
  return numeric('a whole number from 1 on', { type: 'integer', minimum: 1, maximum: most }, fits)
}

/** Times as sensitive. */
export const sensitivity = numeric(
  'a number from 0.01 to 100',
  { type: 'number', minimum: 0.01, maximum: 100 },
  (n) => n >= 0.01 && n <= 100,
)

export const boundShapes: Readonly<Record<BoundKind, Shape<number>>> = {
  share: numeric(
    'a share from 0 to 1, such as 0.05',
    { type: 'number', minimum: 0, maximum: 1 },
    (n) => n >= 0 && n <= 1,
  ),
  ratio: numeric(
    'a number above 0',
    { type: 'number', exclusiveMinimum: 0, maximum: 1e12 },
    (n) => n > 0 && n <= 1e12,
  ),
  usd: numeric(
    'an amount in USD above 0, such as 0.1',
    { type: 'number', exclusiveMinimum: 0, maximum: 1e12 },
    (n) => n > 0 && n <= 1e12,
  ),
  least_usd: numeric(
    'an amount in USD from 0 on, such as 0.1',
    { type: 'number', minimum: 0, maximum: 1e12 },
    (n) => n >= 0 && n <= 1e12,
  ),
  sensitivity,
  count: wholeNumber(1e9),
}
