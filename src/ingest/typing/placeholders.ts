/**
 * Claude Code before 2.1.97 wrote its session lines while the answer was streamed: no line of a call has a
 * stop reason, and the output tokens are those counted so far, often one or two. Input is right from the
 * start. Nothing in the file has the final count, so what can be done is to say it.
 */
import type { Database } from '../../db/database.js'
import { counted } from '../../domain/words/plurals.js'
import { count } from '../../domain/words/wording.js'

/** Calls of a run whose output was counted before it ended. */
export interface Placeholders {
  readonly calls: number
  /** Of these, with at most ten output tokens. */
  readonly small_calls: number
  /** First and last version of the program that wrote them. */
  readonly first_version: string
  readonly last_version: string
}

/** First version that writes the final count. */
const mended = [2, 1, 97]

const version = `list_transform(string_split(regexp_extract(i.tags['version'], '^\\d{1,6}\\.\\d{1,6}\\.\\d{1,6}'), '.'), lambda n: TRY_CAST(n AS INTEGER))`

/**
 * Looks for them among the staged calls that stay; needs `identified` and `verdicts`.
 * @returns undefined where there are none, or where small outputs are so rare that they may be true
 */
export async function findPlaceholders(db: Database): Promise<Placeholders | undefined> {
  const { rows } = await db.query<Placeholders>(`
    SELECT count(*) AS calls, count(*) FILTER (WHERE output_tokens <= 10) AS small_calls,
      array_to_string(min(version), '.') AS first_version, array_to_string(max(version), '.') AS last_version
    FROM (SELECT i.output_tokens, ${version} AS version FROM identified i
      WHERE i.source = 'claude-code' AND i.state = 'call' AND i.finish_reason IS NULL
        AND i.row NOT IN (SELECT row FROM verdicts))
    WHERE len(version) = 3 AND version < [${mended.join(', ')}]
    HAVING small_calls * 10 >= calls AND calls > 0`)
  return rows[0]
}

/** The sentence on them. */
export function placeholderWords({ calls, small_calls, first_version, last_version }: Placeholders): string {
  const versions = first_version === last_version ? first_version : `${first_version} to ${last_version}`
  const have = counted(calls, 'call has', 'calls have')
  const small = `${count(small_calls)} of them at most 10 output tokens`
  return `${have} no stop reason, ${small}: Claude Code ${versions} wrote sessions before the answer was complete (until ${mended.join('.')}); output tokens and cost of these calls are a lower bound`
}
