/**
 * A person's own statement, of which nothing is executed but one SELECT. The engine serialises what it parsed,
 * which it does for a SELECT alone; what is run is made from that, and proven to say the same.
 */
import { isDeepStrictEqual } from 'node:util'
import { isLosslessNumber, parse } from 'lossless-json'
import { UserError } from '../errors.js'
import type { Database } from './database.js'

interface Serialised {
  readonly error: boolean
  readonly error_type?: string
  readonly error_message?: string
  readonly statements?: readonly unknown[]
}

/**
 * @returns the statement to run in its place
 * @throws UserError (usage) when it is anything but one SELECT; DuckDB's own error when it cannot be parsed
 */
export async function oneSelect(db: Database, sql: string): Promise<string> {
  if (sql.includes('\0')) throw refused('sql takes a text without NUL characters')
  const given = await serialised(db, sql)
  const { error, error_type: type, statements = [] } = parse(given) as Serialised
  if (error && type === 'parser') {
    // Its own words have the line, and a mark below. What cannot be parsed runs nothing.
    await db.parse(sql)
  }
  if (error) throw notASelect(sql)
  if (statements.length !== 1) throw refused(`sql takes one statement, got ${statements.length}`)
  const acts = acting.exec(given)?.[1]
  if (acts !== undefined) throw refused(`sql only reads: the function ${acts.toLowerCase()} is refused`)
  const { text } = await db.one<{ text: string }>(
    'SELECT json_deserialize_sql(CAST($given AS JSON)) AS text',
    { given },
  )
  await assertSame(db, given, text)
  return text
}

/**
 * Functions of a SELECT that act on the engine, so that what is asked next is answered otherwise; and those that
 * run a text, in which they could stand.
 */
const acting =
  /"function_name":"(enable_logging|disable_logging|truncate_duckdb_logs|(?:force_)?checkpoint|query|json_execute_serialized_sql)"/i

const serialised = async (db: Database, sql: string): Promise<string> =>
  (
    await db.one<{ text: string }>(
      'SELECT CAST(json_serialize_sql(CAST($sql AS VARCHAR)) AS VARCHAR) AS text',
      {
        sql,
      },
    )
  ).text

async function assertSame(db: Database, given: string, text: string): Promise<void> {
  const again = await serialised(db, text)
  if (placeless(again) === placeless(given)) return
  // `VALUES …` is written as `(SELECT * FROM (VALUES …) AS valueslist)`, and the columns that a star leaves out in
  // any order.
  const plain = parse(placeless(await serialised(db, 'SELECT * FROM t'))) as Serialised
  const [all] = (plain.statements ?? []).map((statement) => (statement as { node: Node }).node)
  const meaning = (json: string): unknown => withoutWraps(parse(placeless(json)), all ?? {})
  if (isDeepStrictEqual(meaning(again), meaning(given))) return
  throw refused('this SELECT cannot be proven to be what it seems', 'Write it more plainly.')
}

/** Where an expression stands in the text is no part of what it says. A quote within a JSON text is escaped. */
const placeless = (json: string): string => json.replaceAll(/"query_location":\d+/g, '"query_location":0')

type Node = Readonly<Record<string, unknown>>

/** What a star leaves out, puts in another's place or renames: sets, which the engine writes as they lie in its memory. */
const setsOfStar = ['exclude_list', 'qualified_exclude_list', 'replace_list', 'rename_list']

const inOrder = (set: unknown): unknown =>
  Array.isArray(set)
    ? set
        .map((one: unknown) => ({ one, key: JSON.stringify(one) }))
        .toSorted((a, b) => (a.key < b.key ? -1 : 1))
        .map(({ one }) => one)
    : set

/**
 * With VALUES in the place of each `SELECT * FROM (VALUES …)` that has their name, and the sets of each star in one
 * order. @param all `SELECT *`
 */
function withoutWraps(value: unknown, all: Node): unknown {
  if (Array.isArray(value)) return value.map((inner) => withoutWraps(inner, all))
  if (typeof value !== 'object' || value === null || isLosslessNumber(value)) return value
  const node = Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withoutWraps(inner, all)]),
  )
  if (node['class'] === 'STAR') {
    return { ...node, ...Object.fromEntries(setsOfStar.map((name) => [name, inOrder(node[name])])) }
  }
  if (node['type'] !== 'SUBQUERY' || node['alias'] !== 'valueslist' || node['sample'] !== null) return node
  if (!isDeepStrictEqual(node['column_name_alias'], [])) return node
  const select = (node['subquery'] as { node: Node }).node
  const from = select['from_table'] as Node | null | undefined
  if (from?.['type'] !== 'EXPRESSION_LIST') return node
  return isDeepStrictEqual(select, { ...all, from_table: from }) ? from : node
}

/** By its first word; what it does within is not looked at, since nothing of it runs. */
function notASelect(sql: string): UserError {
  const verb = /^(?:[\s(;]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? ''
  if (!['SELECT', 'WITH', 'FROM', 'VALUES', 'TABLE', 'PIVOT', 'PIVOT_WIDER'].includes(verb))
    return refused(
      `sql only reads: ${/^[AEIOU]/.test(verb) ? 'an' : 'a'} ${verb} statement is refused`,
      insteadOf[verb],
    )
  return /\bpivot(?:_wider)?\b/i.test(sql)
    ? refused(
        'sql takes one statement; a PIVOT that has to look for its columns is several',
        insteadOf['PIVOT'],
      )
    : refused('sql takes one statement, and one that only reads')
}

const insteadOf: Readonly<Record<string, string>> = {
  COPY: 'Give one SELECT, with --format csv --output FILE; llmcost export calls writes whole calls.',
  EXPORT: 'llmcost export calls --output FILE writes calls to a file.',
  EXPLAIN: 'Give the SELECT itself: EXPLAIN would run what it explains, were it to ANALYZE.',
  PIVOT: "Name them: PIVOT calls ON model IN ('gpt-4o', 'o3') USING sum(cost_usd).",
}

function refused(what: string, hint?: string): UserError {
  return new UserError(what, {
    code: 'usage',
    hint: hint ?? 'Give one SELECT; `llmcost sql --help` lists the views.',
  })
}
