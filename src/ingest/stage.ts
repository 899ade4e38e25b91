/**
 * Staging: units are read, normalised and kept in a table of their own, in memory, one row a record. The
 * store is not touched.
 */
import { quoteText, type Database } from '../db/database.js'
import { isContainer } from '../importers/named-fields.js'
import type { ReadPlan, Survey } from '../importers/importer.js'
import { normaliseSql, type SourceRelation } from './normalise.js'
import type { ReadOptions } from './options.js'
import type { Segment, Unit } from './units.js'
import { stagedColumns } from './verdicts.js'

/** A file's stretch of staged rows. */
export interface StagedFile {
  readonly fileNo: number
  readonly segment: Segment
  readonly firstRow: number
  readonly rows: number
}

export class Stage {
  readonly #db: Database
  #rows = 0
  #created = false
  #reading = false
  readonly files: StagedFile[] = []

  constructor(db: Database) {
    this.#db = db
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
    if (options.inputTz !== undefined) await this.#db.run(`SET TimeZone = ${quoteText(options.inputTz)}`)
    let rows: number
    try {
      rows = await this.#insert(unit, unit.relation, options, now)
    } catch (error) {
      if (!unit.repair) throw error
      rows = await this.#insert(unit, await unit.repair(), options, now)
    }
    if (options.inputTz !== undefined) await this.#db.run("SET TimeZone = 'UTC'")
    for (const segment of unit.segments) {
      const own = unit.segments.length === 1 ? rows : (segment.rows ?? rows)
      this.files.push({ fileNo: this.files.length, segment, firstRow: this.#rows, rows: own })
      this.#rows += own
      rows -= own
    }
    if (rows !== 0) throw new Error(`staging lost its place: ${rows} rows are nobody's`)
  }

  async #insert(unit: Unit, relation: SourceRelation, options: ReadOptions, now: Date): Promise<number> {
    this.#reading = false
    const { plan, allRecords } = await this.#plan(unit, relation)
    this.#reading = true
    const { importer } = unit.recognised
    const records = normaliseSql(relation, plan, options, now, allRecords)
    const own = quoteText(importer.id)
    const sql =
      plan.source === undefined
        ? `SELECT ${own} AS source, * FROM (${records})`
        : `SELECT coalesce(source, ${own}) AS source, * EXCLUDE (source) FROM (${records})`
    if (!this.#created) {
      await this.#db.run(`CREATE TABLE staged AS ${sql}`)
      this.#created = true
      return (await this.#db.one<{ n: number }>('SELECT count(*) AS n FROM staged')).n
    }
    const described = await this.#db.query<{ column_name: string }>(`DESCRIBE ${sql}`)
    const present = await this.#columns()
    for (const { column_name: name } of described.rows) {
      if (!present.has(name))
        await this.#db.run(`ALTER TABLE staged ADD COLUMN ${name} ${stagedColumns[name]}`)
    }
    return this.#db.run(`INSERT INTO staged BY NAME ${sql}`)
  }

  async #columns(): Promise<Set<string>> {
    const { rows } = await this.#db.query<{ column_name: string }>('DESCRIBE staged')
    return new Set(rows.map((row) => row.column_name))
  }

  async #plan(unit: Unit, relation: SourceRelation): Promise<{ plan: ReadPlan; allRecords: boolean }> {
    const { importer, sample } = unit.recognised
    if (!importer.surveysKeys) {
      return { plan: importer.plan({ sample, keys: [], innerKeys: new Map() }), allRecords: false }
    }
    const survey =
      relation.kind === 'csv' ? await this.#surveyCsv(unit, relation) : await this.#surveyJson(unit, relation)
    const plan = importer.plan(survey.survey)
    const { allRecords } = survey
    if (!survey.repeatsKeys) return { plan, allRecords }
    const repeated = `len(json_keys(text)) <> len(list_distinct(json_keys(text)))`
    const refusals = [
      ...(plan.refusals ?? []),
      { when: repeated, reason: 'a key stands twice in the record' },
    ]
    return { plan: { ...plan, refusals }, allRecords }
  }

  /** Every key that occurs in the records, and in the objects that are looked into. */
  async #surveyJson(unit: Unit, relation: SourceRelation): Promise<SurveyResult> {
    const { lists, allRecords } = await this.#keyLists(relation)
    const valid = `SELECT text FROM (${relation.sql}) WHERE json_valid(text) AND starts_with(ltrim(text), '{')`
    const keys = distinct(lists)
    const innerKeys = new Map<string, readonly string[]>()
    for (const key of keys.filter(isContainer)) {
      const path = quoteText(`$."${key.replaceAll('"', '\\"')}"`)
      const inner = await this.#db.query<{ keys: string[] }>(
        `SELECT keys FROM (SELECT json_keys(text, ${path}) AS keys, count(*) AS n FROM (${valid}) GROUP BY ALL) WHERE len(keys) > 0 ORDER BY n DESC LIMIT 1000`,
      )
      const found = distinct(inner.rows.map((row) => row.keys))
      if (found.length > 0) innerKeys.set(key, found)
    }
    const repeatsKeys = lists.some((list) => new Set(list).size < list.length)
    return { survey: { sample: unit.recognised.sample, keys, innerKeys }, repeatsKeys, allRecords }
  }

  /**
   * The distinct lists of keys, the most common first. Where every line is an object, which one quick pass
   * finds out, later steps need not ask again; else the bad lines are left out in a slower one.
   */
  async #keyLists(relation: SourceRelation): Promise<{ lists: string[][]; allRecords: boolean }> {
    const lists = async (texts: string): Promise<readonly { keys: string[] | null }[]> => {
      const sql = `SELECT any_value(keys) AS keys FROM (SELECT ${texts}) GROUP BY hash(keys), keys IS NULL ORDER BY count(*) DESC LIMIT 5000`
      return (await this.#db.query<{ keys: string[] | null }>(sql)).rows
    }
    try {
      const rows = await lists(
        `CASE WHEN starts_with(text, '{') THEN json_keys(text) END AS keys FROM (${relation.sql})`,
      )
      const found = rows.flatMap((row) => (row.keys === null ? [] : [row.keys]))
      return { lists: found, allRecords: found.length === rows.length }
    } catch {
      const rows = await lists(
        `json_keys(text) AS keys FROM (${relation.sql}) WHERE json_valid(text) AND starts_with(ltrim(text), '{')`,
      )
      return { lists: rows.flatMap((row) => (row.keys === null ? [] : [row.keys])), allRecords: false }
    }
  }

  async #surveyCsv(unit: Unit, relation: SourceRelation): Promise<SurveyResult> {
    const innerKeys = new Map<string, readonly string[]>()
    for (const [i, name] of relation.header.entries()) {
      if (!isContainer(name)) continue
      const inner = await this.#db.query<{ keys: string[] }>(
        `SELECT DISTINCT json_keys(c${i}) AS keys FROM (${relation.sql}) WHERE starts_with(c${i}, '{') AND json_valid(c${i}) LIMIT 1000`,
      )
      const found = distinct(inner.rows.map((row) => row.keys))
      if (found.length > 0) innerKeys.set(name, found)
    }
    return {
      survey: { sample: unit.recognised.sample, keys: relation.header, innerKeys },
      repeatsKeys: false,
      allRecords: false,
    }
  }

  /** Marks files in the staged rows: `segments` tells which file a row belongs to, and its line. */
  async finish(): Promise<void> {
    if (!this.#created) return
    await this.#db.run(
      'CREATE TABLE segments (file_no BIGINT, first_row BIGINT, line_base BIGINT, known_lines BIGINT)',
    )
    // A file without rows begins where the next one does, and must not be taken for it.
    const files = this.files.filter((file) => file.rows > 0)
    for (let at = 0; at < files.length; at += 500) {
      const rows = files.slice(at, at + 500).map((f) => {
        const { reading } = f.segment
        const headerLines = reading.recognised.shape.kind === 'csv' && reading.fromByte === 0 ? 1 : 0
        const base = reading.fromByte > 0 ? reading.fromLine : headerLines
        return `(${f.fileNo}, ${f.firstRow}, ${base}, ${reading.fromByte > 0 ? 0 : reading.fromLine})`
      })
      await this.#db.run(`INSERT INTO segments VALUES ${rows.join(', ')}`)
    }
    const present = await this.#columns()
    const absent = Object.entries(stagedColumns).filter(([name]) => !present.has(name))
    await this.#db.run(`CREATE VIEW located AS ${this.#locatedSql(absent, files.length)}`)
  }

  /** Staged rows with `row`, `file_no` and `line`. Rows that an earlier run has read are left out. */
  #locatedSql(absent: readonly (readonly [string, string])[], segments: number): string {
    const join = segments <= 1 ? 'CROSS JOIN segments g' : 'ASOF JOIN segments g ON s.row >= g.first_row'
    return `SELECT s.*, g.file_no, s.row - g.first_row + 1 + g.line_base AS line, g.known_lines
      FROM (SELECT rowid AS row, *${absent.map(([name, type]) => `, CAST(NULL AS ${type}) AS ${name}`).join('')} FROM staged) s ${join}`
  }
}

interface SurveyResult {
  readonly survey: Survey
  /** Some record has the same key twice. */
  readonly repeatsKeys: boolean
  /** Every line is a JSON object. */
  readonly allRecords: boolean
}

/** Keys of the most common records first. */
const distinct = (lists: readonly (readonly string[])[]): string[] =>
  [...new Set(lists.flat())].slice(0, 2000)
