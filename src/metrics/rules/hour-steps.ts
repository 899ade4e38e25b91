/** Moments of a rule: steps of an hour back from as-of, 0 the youngest. */
import { hourMs } from '../../domain/time/zones.js'
import { timestampText } from '../../domain/words/quoting.js'
import { epochMicros, wholeQuotient } from '../dialect.js'

/** SQL: in which step a call lies, with the values of `asOfParams`. */
export const hourStep = wholeQuotient(
  `(CAST($as_of_micros AS BIGINT) - 1 - ${epochMicros('ts')})`,
  hourMs * 1000,
)

/** `$as_of`, and `$as_of_micros` since 1970. */
export const asOfParams = (asOf: Date): { readonly as_of: string; readonly as_of_micros: string } => ({
  as_of: timestampText(asOf.toISOString()),
  as_of_micros: String(asOf.getTime() * 1000),
})
