/**
 * Columns of staged records that hold one of a few words. As such they take a byte a record where the text takes four
 * and its own length, and the engine keeps no statistics of texts.
 */
import { callColumns } from '../../domain/call.js'
import { quoteText } from '../../domain/words/quoting.js'
import { knownFinishReasons } from './finish-reason.js'

/** All words of a column, the two commonest first; none holds another. */
const words: Readonly<Record<string, readonly string[]>> = {
  state: ['call', 'skip', 'reject', 'refused'],
  status: ['ok', 'error'],
  finish_reason: knownFinishReasons,
  ...Object.fromEntries(
    callColumns.flatMap((c) => (c.words === undefined ? [] : [[c.name, c.words] as const])),
  ),
}

/** SQL of a SELECT over `from`, in which these columns hold words. @throws (the statement) where a text is none of them */
export function withWords(columns: readonly string[], from: string): string {
  const replaced = columns.flatMap((name) => {
    const known = words[name]
    return known === undefined ? [] : [`${asWord(name, known)} AS ${name}`]
  })
  return `SELECT * REPLACE (${replaced.join(', ')}) FROM (${from})`
}

function asWord(name: string, known: readonly string[]): string {
  const type = `ENUM(${known.map((word) => quoteText(word)).join(', ')})`
  // A constant is cast once, a text is looked up for each record.
  const common = known
    .slice(0, 2)
    .map((word) => `WHEN ${quoteText(word)} THEN CAST(${quoteText(word)} AS ${type})`)
  return `CASE ${name} ${common.join(' ')} ELSE CAST(${name} AS ${type}) END`
}

/** SQL for a column of `staged` as the steps after it read it: words are texts there; undefined where it has none. */
export const wordAsText = (name: string): string | undefined =>
  words[name] === undefined ? undefined : `CAST(${name} AS VARCHAR)`
