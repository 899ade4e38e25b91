/** Doubts stand at the end of a page, but nobody shall miss that there are some. */
import { count } from '../domain/words/wording.js'

/** A line for the top; undefined where there is no doubt. */
export function doubtsLine(warnings: readonly string[]): string | undefined {
  if (warnings.length === 0) return undefined
  const what = warnings.length === 1 ? 'One data note touches' : `${count(warnings.length)} data notes touch`
  return `${what} these numbers`
}
