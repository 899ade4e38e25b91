/**
 * A statement with its values in the text. The engine binds a prepared statement once when it is prepared, and once
 * more with its values: a large one spends a fifteenth of its time on that. Only what cannot act gets in: numbers,
 * truth values, NULL and texts of a few harmless characters. With any other value the statement stays as it is.
 */

/** What a statement's parameter may be. */
export type SqlValue = string | number | bigint | boolean | null

/** No quote, no backslash, no character that is none: within quotes such a text ends where it ends. */
const harmless = /^[A-Za-z0-9 _.:+-]{0,64}$/

/** Where a parameter begins, or something in which none is one. */
const mark = /['"$]|--|\/\*/g
/** Where it follows one of these, a quote or a dollar sign is part of another token, such as `e'\''`. */
const joins = /[\w$&\u0080-\uffff]/
const lineEnd = /[\n\r]/g
const name = /\$([A-Za-z_]\w*)(?![\w$\u0080-\uffff])/y

/**
 * The statement with each `$name` as a literal of the type that the client binds its value as; undefined where a value
 * may act, a parameter has no value or a value no parameter, or the statement has what is not read here: comments
 * between signs, texts with escapes, dollar quotes.
 */
export function inlined(sql: string, params: Readonly<Record<string, SqlValue>>): string | undefined {
  const literals = new Map<string, string>()
  for (const [key, value] of Object.entries(params)) {
    const literal = literalOf(value)
    if (literal === undefined) return undefined
    literals.set(key, literal)
  }
  const used = new Set<string>()
  let out = ''
  let from = 0
  mark.lastIndex = 0
  for (let found = mark.exec(sql); found !== null; found = mark.exec(sql)) {
    const { index } = found
    const [begin] = found
    if (begin === '--') {
      lineEnd.lastIndex = index
      if (!lineEnd.test(sql)) break
      mark.lastIndex = lineEnd.lastIndex
      continue
    }
    if (begin === '/*' || (index > 0 && joins.test(sql[index - 1]!))) return undefined
    if (begin === '$') {
      name.lastIndex = index
      const [whole, key] = name.exec(sql) ?? []
      const literal = key === undefined ? undefined : literals.get(key)
      if (whole === undefined || literal === undefined) return undefined
      used.add(key!)
      out += sql.slice(from, index) + literal
      mark.lastIndex = from = index + whole.length
    } else {
      // A doubled quote ends one text and begins the next: the character before it is a quote, which joins nothing.
      const end = sql.indexOf(begin, index + 1)
      if (end < 0) return undefined
      mark.lastIndex = end + 1
    }
  }
  return used.size === literals.size ? out + sql.slice(from) : undefined
}

/**
 * @returns undefined for a value that stays a value. A text is not cast: as a bare literal it takes the type that is
 * wanted of it, as a bound one does. A cast number is of the client's type and never the place of a column.
 */
function literalOf(value: SqlValue): string | undefined {
  if (value === null) return 'NULL'
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE'
  if (typeof value === 'string') return harmless.test(value) ? `'${value}'` : undefined
  if (typeof value === 'bigint') return `CAST(${value} AS HUGEINT)`
  // With an exponent it is read as the double that it is, not as a decimal.
  if (!Number.isInteger(value))
    return Number.isFinite(value) ? `CAST(${value.toExponential()} AS DOUBLE)` : undefined
  if (!Number.isSafeInteger(value)) return undefined
  return `CAST(${value} AS ${value >= -2_147_483_648 && value <= 2_147_483_647 ? 'INTEGER' : 'BIGINT'})`
}
