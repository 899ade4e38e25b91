/** The values of a record in SQL: which paths a plan reads, and where each value stands once the record is parsed. */
import { quoteName, quoteText } from '../domain/words/quoting.js'
import type { Survey } from './survey.js'

/** A document inside another: its text, and the paths at which the value may stand that the text is of. */
interface Embedded {
  readonly text: string
  readonly document: Document
  readonly bases: readonly (readonly string[])[]
}

type Structure = { [key: string]: Structure | string | [Structure] }

/**
 * Collects the paths that a plan reads and addresses them in SQL. For JSON every path becomes part of
 * one `json_transform`, so a record is parsed once; for CSV a path is a column. What one struct cannot
 * hold (a key read both whole and inside, keys that differ by case alone) is taken out of the text.
 */
export class Document {
  readonly #name: string
  /** SQL for the JSON text of the whole; NULL where it is not JSON. */
  readonly #whole: string
  /** SQL for the text itself. */
  readonly #text: string
  readonly #columns: readonly string[] | undefined
  readonly #structure = newStructure()
  /** Where each value that was asked for stands, by its SQL. */
  readonly #reads = new Map<string, readonly string[]>()
  readonly #embedded = new Map<string, Embedded>()

  /** @param columns header of a CSV file; undefined for JSON */
  constructor(columns?: readonly string[], name = 'doc', text = 'text') {
    this.#columns = columns
    this.#name = name
    this.#text = text
    this.#whole = `CASE WHEN json_valid(${text}) THEN ${text} END`
  }

  static for(survey: Survey): Document {
    return new Document(survey.sample.kind === 'csv' ? survey.sample.header : undefined)
  }

  /** SQL for the text of the value at a path of keys; NULL where absent. */
  text(...path: readonly string[]): string {
    const sql = this.#textSql(path)
    this.#reads.set(sql, path)
    return sql
  }

  #textSql(path: readonly string[]): string {
    if (this.#columns) return this.#columnText(path)
    const parent = this.#parent(path)
    const leaf = path.at(-1)!
    if (parent === undefined || !fits(parent, leaf, 'text'))
      return `json_extract_string(${this.#whole}, ${quoteText(pointerOf(path))})`
    parent[leaf] = 'VARCHAR'
    return this.#address(path)
  }

  /** SQL for a list of texts: the value of `key` in each element of the array at `path`. */
  list(path: readonly string[], key: string): string {
    if (this.#columns) throw new Error('a CSV column holds no list')
    const leaf = path.at(-1)!
    const parent = this.#parent(path)
    if (parent === undefined || !fits(parent, leaf, 'list')) {
      const whole = `CAST(json_extract(${this.#whole}, ${quoteText(pointerOf(path))}) AS VARCHAR)`
      const elements = `from_json(CASE WHEN starts_with(${whole}, '[') THEN ${whole} END, '["JSON"]')`
      return `list_transform(${elements}, lambda x: json_extract_string(x, ${quoteText(pointerOf([key]))}))`
    }
    this.#reads.set(this.#address(path), path)
    const known = parent[leaf]
    if (Array.isArray(known)) known[0][key] = 'VARCHAR'
    else parent[leaf] = [Object.assign(newStructure(), { [key]: 'VARCHAR' as const })]
    return `list_transform(${this.#address(path)}, lambda x: x.${quoteName(key)})`
  }

  /**
   * The document at a path: an object, or the JSON text of one. Its paths are addressed through the
   * returned document and parsed in a second step.
   */
  embedded(...path: readonly string[]): Document {
    return this.#inside(this.text(...path), [path])
  }

  /** The document that is one of several texts, each of the value at a path: `choose` says in SQL which. */
  embeddedAt(
    values: readonly { readonly sql: string; readonly path: readonly string[] }[],
    choose: (texts: readonly string[]) => string,
  ): Document {
    return this.#inside(
      choose(values.map(({ sql }) => sql)),
      values.map(({ path }) => path),
    )
  }

  /** SQL for the JSON text of the whole; NULL where it is not JSON. */
  get whole(): string {
    return this.#whole
  }

  #inside(text: string, bases: readonly (readonly string[])[]): Document {
    const known = this.#embedded.get(text)
    if (known) return known.document
    const name = `${this.#name}_${this.#embedded.size}`
    const document = new Document(undefined, name, `${name}_text`)
    this.#embedded.set(text, { text, document, bases })
    return document
  }

  /** The document that is parsed of the value above a path, with the rest of the path. */
  #above(path: readonly string[]): readonly [Document, readonly string[]] | undefined {
    for (const { document, bases } of this.#embedded.values()) {
      const [base = []] = bases
      const isAbove = base.length < path.length && base.every((key, i) => path[i] === key)
      if (bases.length === 1 && isAbove) return [document, path.slice(base.length)]
    }
    return undefined
  }

  /** SQL for the text of a value, out of the document in which it is parsed anyway. */
  nearest(...path: readonly string[]): string {
    const above = this.#above(path)
    return above ? above[0].nearest(...above[1]) : this.text(...path)
  }

  /**
   * SQL for the text of a value that is an object in most records, and is read key by key there; cheap
   * where it is one.
   */
  unlessObject(...path: readonly string[]): string {
    const above = this.#above(path)
    if (above) return above[0].unlessObject(...above[1])
    const whole = `json_extract_string(${this.#whole}, ${quoteText(pointerOf(path))})`
    const parent = this.#columns ? undefined : this.#parent(path)
    const known = parent?.[path.at(-1)!]
    if (known === undefined || typeof known === 'string' || Array.isArray(known)) return this.#textSql(path)
    // Of a value that is no object the engine makes one without values.
    const empty = leavesOf(known, path).map((leaf) => `${this.#address(leaf)} IS NULL`)
    return `CASE WHEN ${empty.join(' AND ')} AND contains(${this.#text}, ${quoteText(JSON.stringify(path.at(-1)))}) THEN ${whole} END`
  }

  /** The paths of the record whose values stand in one of these SQL expressions. */
  pathsIn(sqls: readonly string[]): (readonly string[])[] {
    const own = [...this.#reads].filter(([sql]) => sqls.some((one) => holdsAddress(one, sql)))
    const inner = [...this.#embedded.values()].flatMap(({ text, document, bases }) => {
      const paths = document.pathsIn(sqls)
      const isReadWhole = sqls.some((sql) => holdsAddress(sql, document.#text))
      return [
        ...(isReadWhole ? this.pathsIn([text]) : []),
        ...bases.flatMap((base) => paths.map((path) => [...base, ...path])),
      ]
    })
    return [...own.map(([, path]) => path), ...inner]
  }

  /** What `json_transform` takes out of the text; used by `ingest`. */
  get structure(): Structure {
    return this.#structure
  }

  /**
   * What gives each value its column, out of the struct that `json_transform` makes: SQL of SELECT lists, one upon
   * the other, as deep as the structure. Taken out of the struct wherever it is read, each value would have the
   * engine make room for all structs on its way, which costs a plan of a few lines most of its time.
   */
  get unfolding(): readonly (readonly string[])[] {
    return levelsOf(this.#structure, []).map((paths) =>
      paths.map((path) => {
        const parent = path.length === 1 ? this.#name : this.#address(path.slice(0, -1))
        return `${parent}.${quoteName(path.at(-1)!)} AS ${this.#address(path)}`
      }),
    )
  }

  /**
   * Documents inside this one, in the order in which they were asked for; used by `ingest`, which gives each
   * text its column: repeated wherever a document is read, long ones would make plans of megabytes.
   */
  get embeddedDocuments(): readonly {
    readonly name: string
    /** SQL for its text, and the column in which it stands then. */
    readonly text: string
    readonly column: string
    readonly document: Document
  }[] {
    return [...this.#embedded.values()].map(({ text, document }) => ({
      name: document.#name,
      text,
      column: document.#text,
      document,
    }))
  }

  #columnText(path: readonly string[]): string {
    const index = this.#columns!.indexOf(path[0]!)
    if (index < 0) return 'CAST(NULL AS VARCHAR)'
    if (path.length > 1) return this.embedded(path[0]!).text(...path.slice(1))
    return `c${index}`
  }

  /** The structure around the path's last key, made where absent; undefined when something else is there. */
  #parent(path: readonly string[]): Structure | undefined {
    let node = this.#structure
    for (const key of path.slice(0, -1)) {
      if (!fits(node, key, 'object')) return undefined
      node = (node[key] ??= newStructure()) as Structure
    }
    return node
  }

  /** The column of a value; the name says where it stands, so that no two are one. */
  #address(path: readonly string[]): string {
    return quoteName(`${this.#name}${pointerOf(path)}`)
  }
}

/**
 * Keys of a log become keys of this: it has none of its own, or a log with `__proto__` in it would write into
 * what every object of the program inherits.
 */
const newStructure = (): Structure => Object.create(null) as Structure

/** Half of a sign that takes two units, alone. */
const halfSign = /\p{Surrogate}/u

/**
 * True when `key` is free in the structure, or holds the same kind already. SQL knows no empty name and none with
 * U+0000 in it, and JSON as the engine reads it none with half a sign.
 */
function fits(node: Structure, key: string, kind: 'text' | 'object' | 'list'): boolean {
  if (key === '' || key.includes('\0') || halfSign.test(key)) return false
  const known = node[key]
  if (known === undefined) return !Object.keys(node).some((k) => k.toLowerCase() === key.toLowerCase())
  if (typeof known === 'string') return kind === 'text'
  return Array.isArray(known) ? kind === 'list' : kind === 'object'
}

/** True when `address` stands in the SQL as a whole: `c1` is not in `c12`. */
function holdsAddress(sql: string, address: string): boolean {
  for (let at = sql.indexOf(address); at >= 0; at = sql.indexOf(address, at + 1)) {
    const before = sql[at - 1] ?? ' '
    const after = sql[at + address.length] ?? ' '
    if (!/[A-Za-z0-9_]/.test(before) && !/[A-Za-z0-9_."]/.test(after)) return true
  }
  return false
}

type Path = readonly string[]

const isLeaf = (inner: Structure | string | readonly Structure[]): boolean =>
  typeof inner === 'string' || Array.isArray(inner)

/** The paths of all values inside a structure that stands at a path. */
function leavesOf(structure: Structure, above: Path): Path[] {
  return Object.entries(structure).flatMap(([key, inner]) => {
    const path = [...above, key]
    return isLeaf(inner) ? [path] : leavesOf(inner as Structure, path)
  })
}

/** The paths of all structs and values of a structure, by depth. */
function levelsOf(structure: Structure, above: Path): Path[][] {
  const levels: Path[][] = [Object.keys(structure).map((key) => [...above, key])]
  for (const [key, inner] of Object.entries(structure)) {
    if (isLeaf(inner)) continue
    for (const [depth, paths] of levelsOf(inner as Structure, [...above, key]).entries())
      levels[depth + 1] = [...(levels[depth + 1] ?? []), ...paths]
  }
  return levels
}

/** JSON pointer of a path of keys. */
export const pointerOf = (path: readonly string[]): string =>
  path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** SQL: the first of these that is not NULL; undefined when there are none. */
export function firstOf(...expressions: readonly (string | undefined)[]): string | undefined {
  const given = expressions.filter((e) => e !== undefined)
  return given.length <= 1 ? given[0] : `coalesce(${given.join(', ')})`
}

/** SQL for a text that may be an object in other records: NULL there. */
export const plainOnly = (text: string): string => `CASE WHEN NOT starts_with(${text}, '{') THEN ${text} END`
