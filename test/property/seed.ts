/**
 * `npm test` tries the same generated cases each time, so that a change is judged by what it changes alone.
 * New cases are the task of `npm run soak`, which gives a seed by the environment; what it finds becomes an
 * example or a fixture. A failure prints its seed and path either way.
 */
import fc from 'fast-check'

const given = process.env['SOAK_SEED']
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: given ? Number(given) : 20_261_121 })

/**
 * How many cases a property is tried with whose cases are dear, as each asks the engine: the first number in
 * `npm test`, the second in `npm run soak`.
 */
export const tries = (few: number, many: number): number => (given ? many : few)
