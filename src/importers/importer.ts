/**
 * importers: one file a log format, one line in registry.ts. An importer is pure: it looks at a sample
 * of records and answers with SQL that takes each field's text out of a record. Casting, checking,
 * deduplicating and pricing are the same for all and happen in `ingest`.
 */
import type { CallField } from '../domain/call.js'
import { quoteName, quoteText } from '../domain/words/quoting.js'

/** The first records of a file, as far as needed to recognise its format. */
export interface Sample {
  readonly kind: 'json' | 'csv'
  /** JSON objects from the first lines; for CSV the first rows by column name. */
  readonly records: readonly Readonly<Record<string, unknown>>[]
  /** CSV header; empty for JSON. */
  readonly header: readonly string[]
}

/** What an importer may know of the whole file when it plans. */
export interface Survey {
  readonly sample: Sample
  /** Every top-level key (or CSV column) that occurs anywhere in the file. */
  readonly keys: readonly string[]
  /** For each top-level key that may hold an object: the keys found inside it. */
  readonly innerKeys: ReadonlyMap<string, readonly string[]>
  /**
   * Every object that is looked into, by its place (the JSON list of the keys that lead to it, `[]` for the
   * record itself), with every key that occurs in it anywhere in the file.
   */
  readonly shape: ReadonlyMap<string, readonly string[]>
  /**
   * By place, the words under keys such as `tier`, `mode` and `batch`, which may be a provider's service tier, a
   * customer's plan or a number; no entry where the sample shows already that they are none of a tier.
   */
  readonly words?: ReadonlyMap<string, readonly string[]>
  /** Keys named `cached` and such whose values are all numbers, some above 1: counts of tokens, no truths. */
  readonly counted?: ReadonlySet<string>
}

/** A condition in SQL under which a record is rejected, with the reason that is shown. */
export interface Refusal {
  readonly when: string
  readonly reason: string
}

/** How to take a call out of a record. Expressions are SQL over `doc` (see Document) and give text. */
export interface ReadPlan {
  readonly document: Document
  readonly fields: Partial<Record<CallField, string>>
  /** SQL for tags: an expression of type MAP(VARCHAR, VARCHAR), or undefined for none. */
  readonly tags?: string
  /** SQL condition: records for which it is not true are skipped as "not a call". */
  readonly isCall?: string
  /** True where records that are no calls speak of usage of their own, such as that of calls told elsewhere. */
  readonly othersAreNoCalls?: true
  /** A record may be known for a call though nobody counted what it used: its tokens are unknown then, not none. */
  readonly callsMayLackUsage?: true
  /** Lines may stand for what tells tokens or a cost in words, and is left out and named. */
  readonly linesInWords?: true
  readonly refusals?: readonly Refusal[]
  /** Does `input_tokens` include cache reads and writes in this source? */
  readonly cacheTokens: 'included' | 'excluded'
  /** True when the source is known to keep to that always, so that no other reading is tried. */
  readonly cacheTokensCertain?: true
  /** SQL: true for records of such a source that are another's, whose reading is open. */
  readonly cacheTokensOpen?: string
  /** Names under which the source has a field, each with SQL that is not NULL where a record has it. */
  readonly foundUnder?: Readonly<
    Partial<Record<CallField, readonly { readonly name: string; readonly sql: string }[]>>
  >
  /**
   * SQL: true for the records of a source of both kinds whose input excludes cached tokens; `cacheTokens`
   * then is what holds for the others.
   */
  readonly cacheTokensBeside?: string
  /** The source's own sum of tokens, to check against. */
  readonly totalTokens?: string
  /** Input tokens of tools' answers, where they may stand beside the input; the total tells. */
  readonly toolTokens?: string
  /**
   * SQL for what the record says of usage, tier, speed, place or money that the plan does not use: names,
   * joined by `; `; NULL when it uses all. Undefined when no record of the source can have such.
   */
  readonly unread?: string
  /** SQL of what the plan reads beside its fields, such as parts that it adds up elsewhere. */
  readonly uses?: readonly string[]
  /** Fields whose SQL adds up or converts what it reads: none of the values is a rival of the sum. */
  readonly addedUp?: readonly CallField[]
  /** Paths that look like usage or money and need no price, with the reason; beside those of money.ts. */
  readonly moneyFree?: readonly { readonly path: readonly string[]; readonly reason: string }[]
  /** The source's own parts of the cost, to check against its total. */
  readonly costParts?: readonly string[]
  /** The importer that the call was first read by, where the record says so. */
  readonly source?: string
  /** What the call is priced as, where the record says that too; else the model that answered, or was asked. */
  readonly model?: string
  /** The record holds what was read and brought to our terms before: absent values are not filled in again. */
  readonly readBefore?: true
  /**
   * SQL for what the id says: `any` where it may name several calls (records are one
   * only if they agree in more than that), `operation` where it names one call an operation, NULL where it is the id of one call.
   * Undefined: it always is.
   */
  readonly idKind?: string
  /** What a key named `tier` alone, or a mode under another name, was taken for; said in the run's words. */
  readonly tierTakenFor?: 'service tier' | 'label' | 'mode'
  /** Of a log whose records name the record above them: SQL for that name, and for a list of their own names. */
  readonly spans?: { readonly parent: string; readonly own: string }
  /**
   * Of a source without ids that tells of a call in several layouts: the fields that say which it is. Records that
   * agree in them are one call, but for those of one file.
   */
  readonly sameBy?: readonly CallField[]
  /** SQL for the id of the provider's request, beside the id of the call: other sources name the call by it. */
  readonly requestIds?: string
  /** Id of this line among repeats of one call. */
  readonly revisionId?: string
  /** True when relative or plain numbers of this time field are milliseconds by name. */
  readonly relativeTimeUnit?: 's' | 'ms'
}

/** What an importer may know of the machine to say where its logs are. */
export interface Machine {
  /** The user's home folder, absolute. */
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** As `process.platform` names it. */
  readonly platform: string
}

/** A folder in which a program of the user's own keeps its logs. */
export interface Home {
  /** Absolute; it need not be there. */
  readonly folder: string
  /** What a log is called, by its path below the folder, with `/` between names. */
  readonly files: RegExp
}

/**
 * Who wrote such a log, from the one that knows most of a call to the one that knows least: the provider in its
 * answer, an agent in its sessions, a gateway, another tool, the user's own code.
 */
export const writers = ['provider', 'agent', 'gateway', 'tool', 'own'] as const

export interface Importer {
  readonly id: string
  /** Where several sources tell of one call, the one that knows most gives it. */
  readonly writer: (typeof writers)[number]
  /** What it reads, for help and README. */
  readonly about: string
  /** Where such logs come from or how they are found, for README. */
  readonly example: string
  /** What it is recognised by, for people: keys and columns. */
  readonly recognisedBy: string
  /** What is not known of a call from it. */
  readonly lacks: string
  /** True when the sample looks like this format; importers are asked in the registry's order. */
  readonly detects: (sample: Sample) => boolean
  /** True when the sample is this format beyond doubt, so that it may be read unasked; absent: `detects` says that too. */
  readonly isCertain?: (sample: Sample) => boolean
  /** Of an agent that runs on the user's machine: where it keeps its sessions. */
  readonly homes?: (machine: Machine) => readonly Home[]
  /**
   * Of a format whose lines are not its calls, such as those of a session or of a batch of spans: SQL for its records.
   * @param lines FROM item of the lines: `file` (a number), `line` (a number that grows along each file), `text`
   * (mostly JSON; it may be none, and blank)
   * @returns SELECT of `line` and `text`: the JSON of a record, made of this line and what it needs of others of the
   * file. Each line gives one record or more: one that is nothing for the importer is `{}`, or stands for itself, so
   * that it is counted. What people wrote (prompts, answers) is left out here.
   */
  readonly records?: (lines: string) => string
  /**
   * Of a format that stands in an SQLite database: the tables that it is made of, the most telling first. Their
   * rows are its lines, each an object with its table under `$table`.
   */
  readonly tables?: readonly string[]
  /** Some records state what a session used in all: they give way to calls of the same session. */
  readonly statesTotals?: true
  /** Of a trace only the leaves are calls: a record with usage above others with usage is none, whatever it counts. */
  readonly callsAreLeaves?: true
  readonly plan: (survey: Survey) => ReadPlan
}

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

/** Names a path: keys of JSON know their case, columns of a table are found whatever theirs. */
export const pathKeyOf =
  ({ sample }: Survey) =>
  (path: readonly string[]): string =>
    sample.kind === 'csv' ? JSON.stringify(path).toLowerCase() : JSON.stringify(path)

/** JSON pointer of a path of keys. */
export const pointerOf = (path: readonly string[]): string =>
  path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** SQL: the first of these that is not NULL; undefined when there are none. */
export function firstOf(...expressions: readonly (string | undefined)[]): string | undefined {
  const given = expressions.filter((e) => e !== undefined)
  return given.length <= 1 ? given[0] : `coalesce(${given.join(', ')})`
}

/**
 * SQL: true where an id is as long as those by which providers name one call. Some servers count through a
 * few hundred short ones (`chatcmpl-587`).
 */
export const isLongId = (id: string): string => `strlen(${id}) >= 16`

/** Beginnings of ids by which providers name one call. */
export const callIdPrefixes = ['chatcmpl-', 'cmpl-', 'resp_', 'msg_', 'gen-']

/** SQL: true where an id begins as providers' ids of calls do; NULL where there is none. */
export const hasCallIdPrefix = (id: string): string =>
  `(${callIdPrefixes.map((prefix) => `starts_with(${id}, '${prefix}')`).join(' OR ')})`

/** SQL for a text that may be an object in other records: NULL there. */
export const plainOnly = (text: string): string => `CASE WHEN NOT starts_with(${text}, '{') THEN ${text} END`

/** Ends the name of a count of cache writes of which a source does not say how long they last, and what they cost. */
export const unknownLifetime = ' (for 5 minutes or an hour)'

/** True when `value` is a JSON object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at a path of keys, undefined where absent. */
export function at(record: unknown, ...path: readonly string[]): unknown {
  let value = record
  for (const key of path) {
    if (!isObject(value)) return undefined
    value = value[key]
  }
  return value
}
