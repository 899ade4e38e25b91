/**
 * Staging: units are read, normalised and kept in a table of their own, in memory, one row a record. The
 * store is not touched.
 */
import { type Database } from '../db/database.js'
import { isOfTheMachine, UserError } from '../errors.js'
import type { ReadPlan } from '../importers/importer.js'
import { unreadSql } from '../importers/unread/unread.js'
import { withoutHalfSigns } from './files/half-signs.js'
import { normaliseSql, type SourceRelation } from './typing/normalise.js'
import type { ReadOptions } from './options.js'
import { oneCurrency, stumbled, stylesOf, type Styles } from './typing/styles.js'
import type { Segment, Unit } from './files/units.js'
import type { FirstLines } from './first-calls.js'
import { firstPlace, makeRecords, sampleOf } from './made-records.js'
import { noteStagedFacts } from './staged-facts.js'
import { surveyCsv, surveyJson } from './typing/survey.js'
import { select } from './typing/columns.js'
import { modelNames, stagedColumns } from './typing/verdicts.js'
import { wordAsText } from './typing/words.js'
import { quoteText } from '../domain/words/quoting.js'

/** A file's stretch of staged rows. */
export interface StagedFile {
  readonly fileNo: number
  readonly segment: Segment
  readonly firstRow: number
  readonly rows: number
  /** How its dates and numbers were read, where that is not plain. */
  readonly note: string | null
  /** By field: the names under which its records have it. */
  readonly fields: Fields
}

type Fields = Readonly<Record<string, readonly string[]>>

/** What became of a unit. */
interface Inserted {
  readonly rows: number
  /** Lines of which the rows were made; undefined where each is one. */
  readonly lines: number | undefined
  readonly note: string | null
  readonly fields: Fields
}

/** Decoded bytes: some thousand records. */
export const smallUnit = 1 << 20

export class Stage {
  readonly #db: Database
  readonly #keepsText: boolean
  #rows = 0
  /** Lines of which records were made; their places begin beyond those of any row. */
  #places = firstPlace
  #created = false
  /** The source of all staged records, where one importer reads them and none names its own: it is not staged then. */
  #source: string | undefined
  #reading = false
  /** What the engine leaves out of its plans, for small units. */
  #leftOut = ''
  /** The currency that a rate which is given for the run is the rate of. */
  #currency: string | undefined
  readonly files: StagedFile[] = []
  /** Columns that no staged record has; known once staging is finished. */
  absent: ReadonlySet<string> = new Set()

  /**
   * @param keepsText texts of rejected records are kept
   * @param firstLines takes the first lines of each unit, for a rehearsal
   */
  constructor(
    db: Database,
    keepsText = false,
    readonly firstLines?: FirstLines,
  ) {
    this.#db = db
    this.#keepsText = keepsText
  }

  /** How far the unit that is being added is, 0 to 1: keys are surveyed in the first quarter. */
  get progress(): number {
    return this.#reading ? 0.25 + 0.75 * this.#db.progress : 0.25 * this.#db.progress
  }

  get rows(): number {
    return this.#rows
  }

  /** Reads a unit into `staged`. */
  async add(unit: Unit, options: ReadOptions, now: Date): Promise<void> {
    // It stays until all is staged: between a unit's rows and their owners nothing may fail.
    if (options.inputTz !== undefined) await this.#db.run(`SET TimeZone = ${quoteText(options.inputTz)}`)
    await this.#planFor(unit)
    const { rows, lines, note, fields } = await this.#insertRepaired(unit, options, now)
    let first = lines === undefined ? this.#rows : this.#places
    const firstFile = this.files.length
    for (const segment of unit.segments) {
      const own = unit.segments.length === 1 ? (lines ?? rows) : (segment.rows ?? rows)
      this.files.push({ fileNo: this.files.length, segment, firstRow: first, rows: own, note, fields })
      first += own
    }
    this.#rows += rows
    this.#places += lines ?? 0
    const places = this.files.slice(firstFile).map((file) => ({
      fileNo: file.fileNo,
      firstLine: placeOf(file).lineBase + 1,
      segment: file.segment,
    }))
    await this.firstLines?.keep(this.#db, unit, unit.relation, places)
  }

  /** A small unit is read sooner than its long statement is looked through for what it says twice. */
  async #planFor({ segments }: Unit): Promise<void> {
    const bytes = segments.reduce((sum, { bytesRead }) => sum + bytesRead, 0)
    const leftOut = bytes < smallUnit ? 'common_subexpressions,duplicate_groups' : ''
    if (leftOut === this.#leftOut) return
    await this.#db.run(`SET disabled_optimizers = '${leftOut}'`)
    this.#leftOut = leftOut
  }

  async #insertRepaired(unit: Unit, options: ReadOptions, now: Date): Promise<Inserted> {
    try {
      return await this.#insert(unit, unit.relation, options, now)
    } catch (error) {
      if (!unit.repair || isOfTheMachine(error)) throw error
      return await this.#insert(unit, await unit.repair(), options, now)
    }
  }

  /** Inserts a unit's records; again, in the way its columns are written, where a first reading stumbled. */
  async #insert(unit: Unit, given: SourceRelation, options: ReadOptions, now: Date): Promise<Inserted> {
    this.#reading = false
    const { records } = unit.recognised.importer
    const made =
      records === undefined || given.kind === 'csv'
        ? undefined
        : await makeRecords(this.#db, unit, given, this.#places, records)
    const { plan, allRecords, relation } = await this.#plan(unit, made?.relation ?? given, options)
    const lines = made?.lines
    this.#reading = true
    const fields = fieldsOf(plan, options)
    const insert = (as: ReadOptions): Promise<number> =>
      this.#insertAs(
        unit,
        normaliseSql(relation, plan, as, now, allRecords, this.#keepsText),
        plan,
        made?.nothing,
      )
    const before = { created: this.#created, source: this.#source }
    const goBack = async (): Promise<void> => {
      this.#created = before.created
      this.#source = before.source
      await this.#db.run('ROLLBACK')
    }
    let styles: Styles | undefined
    await this.#db.run('BEGIN TRANSACTION')
    try {
      const rows = await insert(options)
      assertOwned(lines ?? rows, unit)
      styles = await this.#stylesOf(unit, relation, plan, options)
      if (styles === undefined) {
        await this.#db.run('COMMIT')
        return { rows, lines, note: null, fields }
      }
    } catch (error) {
      // An engine that is broken can't even do this.
      await goBack().catch(() => undefined)
      throw error
    }
    await goBack()
    const { note, ...found } = styles
    return { rows: await insert({ ...options, ...found }), lines, note, fields }
  }

  /**
   * How the columns of a unit are written, where its last records stumbled over that. Each file has its own
   * way: several are read apart then.
   */
  async #stylesOf(
    unit: Unit,
    relation: SourceRelation,
    plan: ReadPlan,
    options: ReadOptions,
  ): Promise<Styles | undefined> {
    const label = unit.segments[0]!.reading.file.label
    const currency = await oneCurrency(this.#db, relation, plan, options, label, this.#currency)
    const { n } = await this.#db.one<{ n: number }>(
      `SELECT count(*) AS n FROM staged WHERE rowid >= ${this.#rows} AND reason IS NOT NULL AND ${stumbled}`,
    )
    if (n === 0) {
      this.#currency = currency
      return undefined
    }
    const asking = stylesOf(this.#db, relation, plan, options, label)
    if (unit.segments.length === 1) {
      const styles = await asking
      this.#currency = currency
      return styles
    }
    if ((await asking.catch((error: unknown) => error)) === undefined) return undefined
    throw new UserError('its dates or numbers are written in a way of their own', { code: 'refused' })
  }

  async #insertAs(
    unit: Unit,
    { sql: records, columns }: ReturnType<typeof normaliseSql>,
    plan: ReadPlan,
    nothing?: string,
  ): Promise<number> {
    const { id } = unit.recognised.importer
    const own = quoteText(id)
    const isFirst = !this.#created
    if (isFirst && plan.source === undefined) this.#source = id
    const isOne = plan.source === undefined && this.#source === id
    const read = isOne
      ? `SELECT * FROM (${records})`
      : plan.source === undefined
        ? `SELECT ${own} AS source, * FROM (${records})`
        : `SELECT coalesce(source, ${own}) AS source, * EXCLUDE (source) FROM (${records})`
    const sql =
      nothing === undefined
        ? read
        : `${read} UNION ALL BY NAME SELECT ${isOne ? '' : `${own} AS source, `}* FROM (${nothing})`
    if (isFirst) {
      await this.#db.run(`CREATE TABLE staged AS ${sql}`)
      this.#created = true
      return (await this.#db.one<{ n: number }>('SELECT count(*) AS n FROM staged')).n
    }
    if (!isOne) await this.#stageSources()
    const present = await this.#columns()
    for (const name of columns)
      if (!present.has(name))
        await this.#db.run(`ALTER TABLE staged ADD COLUMN ${name} ${stagedColumns[name]}`)
    return this.#db.run(`INSERT INTO staged BY NAME ${sql}`)
  }

  /** Writes the source to the records that are staged, which had one. */
  async #stageSources(): Promise<void> {
    if (this.#source === undefined) return
    await this.#db.run(`ALTER TABLE staged ADD COLUMN source VARCHAR DEFAULT ${quoteText(this.#source)}`)
    this.#source = undefined
  }

  async #columns(): Promise<Set<string>> {
    const { rows } = await this.#db.query<{ column_name: string }>('DESCRIBE staged')
    return new Set(rows.map((row) => row.column_name))
  }

  async #plan(
    unit: Unit,
    given: SourceRelation,
    options: ReadOptions,
  ): Promise<{ plan: ReadPlan; allRecords: boolean; relation: SourceRelation }> {
    const { importer } = unit.recognised
    const sample = given.hasPlaces ? await sampleOf(this.#db, given) : unit.recognised.sample
    const look = given.kind === 'csv' ? surveyCsv : surveyJson
    let relation = given
    let found = await look(this.#db, relation, sample)
    const mended =
      found.allRecords || given.kind === 'csv' ? undefined : await withoutHalfSigns(this.#db, given)
    if (mended !== undefined) {
      relation = mended
      found = await look(this.#db, relation, sample)
    }
    const { survey, repeatsKeys, allRecords } = found
    const bare = importer.plan(survey)
    const unread = unreadSql(bare, survey, options.map, options.set)
    const plan: ReadPlan = {
      ...bare,
      ...(unread === undefined ? {} : { unread }),
      ...(unit.segments.some(({ reading }) => reading.recognised.wrapper !== undefined)
        ? { linesInWords: true }
        : {}),
    }
    if (!repeatsKeys) return { plan, allRecords, relation }
    const repeated = `len(json_keys(text)) <> len(list_distinct(json_keys(text)))`
    const refusals = [
      ...(plan.refusals ?? []),
      { when: repeated, reason: 'a key stands twice in the record' },
    ]
    return { plan: { ...plan, refusals }, allRecords, relation }
  }

  /** Marks files in the staged rows: `segments` tells which file a row belongs to, and its line. */
  async finish(): Promise<void> {
    if (!this.#created) return
    await this.#db.run("SET TimeZone = 'UTC'; SET disabled_optimizers = ''")
    await this.#db.run(
      'CREATE TABLE segments (file_no BIGINT, first_row BIGINT, line_base BIGINT, known_lines BIGINT)',
    )
    // A file without rows begins where the next one does, and must not be taken for it.
    const files = this.files.filter((file) => file.rows > 0)
    for (let at = 0; at < files.length; at += 500) {
      const rows = files.slice(at, at + 500).map((f) => {
        const { lineBase, knownLines } = placeOf(f)
        return `(${f.fileNo}, ${f.firstRow}, ${lineBase}, ${knownLines})`
      })
      await this.#db.run(`INSERT INTO segments VALUES ${rows.join(', ')}`)
    }
    const present = await this.#columns()
    const told = this.#toldSql(present)
    const absent = Object.entries(stagedColumns).filter(([name]) => !present.has(name) && !told.has(name))
    this.absent = new Set(absent.map(([name]) => name))
    const columns = [
      ...[...present].map((name) => [name, told.get(name) ?? wordAsText(name) ?? name] as const),
      ...[...told].filter(([name]) => !present.has(name)),
      ...absent.map(([name, type]) => [name, `CAST(NULL AS ${type})`] as const),
    ]
    const rows = `(${select([['row', 'rowid'], ...columns], 'staged')}) s`
    await this.#db.run(`CREATE VIEW located AS ${this.#locatedSql(rows, files)}`)
    await noteStagedFacts(this.#db)
  }

  /** SQL of columns that other columns, or the run, tell: they need not be staged for each record. */
  #toldSql(present: ReadonlySet<string>): ReadonlyMap<string, string> {
    const names = ['model', ...modelNames].filter((name) => present.has(name))
    return new Map([
      ...(names.length === 0 ? [] : [['model', `coalesce(${names.join(', ')})`] as const]),
      ...(this.#source === undefined ? [] : [['source', quoteText(this.#source)] as const]),
    ])
  }

  /** Staged rows with `row`, `file_no` and `line`. Rows that an earlier run has read are left out. */
  #locatedSql(rows: string, files: readonly StagedFile[]): string {
    const at = this.#places > firstPlace ? 'coalesce(s.place, s.row)' : 's.row'
    const [only, ...others] = files
    // Nearly all runs read one file; its rows need no look at where it begins.
    if (only !== undefined && others.length === 0) {
      const { lineBase, knownLines } = placeOf(only)
      return `SELECT s.*, CAST(${only.fileNo} AS BIGINT) AS file_no, ${at} + 1 + ${lineBase - only.firstRow} AS line,
        CAST(${knownLines} AS BIGINT) AS known_lines FROM ${rows}`
    }
    const join = only === undefined ? 'CROSS JOIN segments g' : `ASOF JOIN segments g ON ${at} >= g.first_row`
    return `SELECT s.*, g.file_no, ${at} - g.first_row + 1 + g.line_base AS line, g.known_lines FROM ${rows} ${join}`
  }
}

/** What the options and the keys of the records say of where each field is. */
function fieldsOf({ foundUnder = {} }: ReadPlan, { map }: ReadOptions): Fields {
  const found = Object.entries(foundUnder).map(([field, names]): [string, string[]] => [
    field,
    [...new Set(names.map(({ name }) => name))],
  ])
  const given = Object.entries(map).map(([field, path]): [string, string[]] => [field, [path]])
  return Object.fromEntries([...found, ...given].filter(([, names]) => names.length > 0))
}

/** Where a file's records are: lines before the first one, and how many lines an earlier run has read. */
function placeOf({ segment }: StagedFile): { lineBase: number; knownLines: number } {
  const { reading } = segment
  const headerLines = reading.recognised.shape.kind === 'csv' && reading.fromByte === 0 ? 1 : 0
  return {
    lineBase: reading.fromByte > 0 ? reading.fromLine : headerLines,
    knownLines: reading.fromByte > 0 ? 0 : reading.fromLine,
  }
}

/** @throws where the rows of a unit are not those of its files: whose they are could not be told */
function assertOwned(rows: number, { segments }: Unit): void {
  if (segments.length === 1) return
  const owned = segments.reduce((sum, segment) => sum + (segment.rows ?? 0), 0)
  if (owned !== rows) throw new Error(`staging lost its place: ${rows} rows of ${owned} lines`)
}
