/**
 * Staging: units are read, normalised and kept in a table of their own, in memory, one row a record. The
 * store is not touched.
 */
import { quoteText, type Database } from '../db/database.js'
import { isContainer } from '../importers/named-fields.js'
import type { ReadPlan, Survey } from '../importers/importer.js'
import { normaliseSql, repairRules, type SourceRelation } from './normalise.js'
import type { ReadOptions } from './options.js'
import type { Segment, Unit } from './prepare.js'

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
  readonly files: StagedFile[] = []

  constructor(db: Database) {
    this.#db = db
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
    const plan = await this.#plan(unit, relation)
    const { importer } = unit.recognised
    const sql = `SELECT ${quoteText(importer.id)} AS source, * FROM (${normaliseSql(relation, plan, options, now)})`
    const rows = await this.#db.run(
      this.#created ? `INSERT INTO staged BY NAME ${sql}` : `CREATE TABLE staged AS ${sql}`,
    )
    const count = this.#created
      ? rows
      : (await this.#db.one<{ n: number }>('SELECT count(*) AS n FROM staged')).n
    this.#created = true
    return count
  }

  async #plan(unit: Unit, relation: SourceRelation): Promise<ReadPlan> {
    const { importer, sample } = unit.recognised
    if (!importer.surveysKeys) return importer.plan({ sample, keys: [], innerKeys: new Map() })
    const survey =
      relation.kind === 'csv' ? await this.#surveyCsv(unit, relation) : await this.#surveyJson(unit, relation)
    const plan = importer.plan(survey.survey)
    if (!survey.repeatsKeys) return plan
    const repeated = `len(json_keys(text)) <> len(list_distinct(json_keys(text)))`
    return {
      ...plan,
      refusals: [...(plan.refusals ?? []), { when: repeated, reason: 'a key stands twice in the record' }],
    }
  }

  /** Every key that occurs in the records, and in the objects that are looked into. */
  async #surveyJson(unit: Unit, relation: SourceRelation): Promise<{ survey: Survey; repeatsKeys: boolean }> {
    const valid = `SELECT text FROM (${relation.sql}) WHERE json_valid(text) AND starts_with(ltrim(text), '{')`
    const lists = await this.#db.query<{ keys: string[] }>(
      `SELECT keys FROM (SELECT json_keys(text) AS keys, count(*) AS n FROM (${valid}) GROUP BY ALL) ORDER BY n DESC LIMIT 5000`,
    )
    const keys = distinct(lists.rows.map((row) => row.keys))
    const innerKeys = new Map<string, readonly string[]>()
    for (const key of keys.filter(isContainer)) {
      const path = quoteText(`$."${key.replaceAll('"', '\\"')}"`)
      const inner = await this.#db.query<{ keys: string[] }>(
        `SELECT keys FROM (SELECT json_keys(text, ${path}) AS keys, count(*) AS n FROM (${valid}) GROUP BY ALL) WHERE len(keys) > 0 ORDER BY n DESC LIMIT 1000`,
      )
      const found = distinct(inner.rows.map((row) => row.keys))
      if (found.length > 0) innerKeys.set(key, found)
    }
    const repeatsKeys = lists.rows.some((row) => new Set(row.keys).size < row.keys.length)
    return { survey: { sample: unit.recognised.sample, keys, innerKeys }, repeatsKeys }
  }

  async #surveyCsv(unit: Unit, relation: SourceRelation): Promise<{ survey: Survey; repeatsKeys: boolean }> {
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
    }
  }

  /** Marks files in the staged rows: `segments` tells which file a row belongs to, and its line. */
  async finish(): Promise<void> {
    if (!this.#created) return
    await this.#db.run(
      'CREATE TABLE segments (file_no BIGINT, first_row BIGINT, line_base BIGINT, known_lines BIGINT)',
    )
    for (let at = 0; at < this.files.length; at += 500) {
      const rows = this.files.slice(at, at + 500).map((f) => {
        const { reading } = f.segment
        const headerLines = reading.recognised.shape.kind === 'csv' && reading.fromByte === 0 ? 1 : 0
        const base = reading.fromByte > 0 ? reading.fromLine : headerLines
        return `(${f.fileNo}, ${f.firstRow}, ${base}, ${reading.fromByte > 0 ? 0 : reading.fromLine})`
      })
      await this.#db.run(`INSERT INTO segments VALUES ${rows.join(', ')}`)
    }
    await this.#db.run(`CREATE VIEW located AS ${this.#locatedSql()}`)
  }

  /** Staged rows with `row`, `file_no` and `line`. Rows that an earlier run has read are left out. */
  #locatedSql(): string {
    const one = this.files.length === 1
    const join = one ? 'CROSS JOIN segments g' : 'ASOF JOIN segments g ON s.row >= g.first_row'
    return `SELECT s.*, g.file_no, s.row - g.first_row + 1 + g.line_base AS line, g.known_lines
      FROM (SELECT rowid AS row, * FROM staged) s ${join}`
  }

  /** SQL list of counts by rule. */
  static readonly ruleCounts = Object.keys(repairRules)
    .map((rule) => `count(*) FILTER (WHERE ${rule} AND state = 'call') AS ${rule}`)
    .join(', ')
}

/** Keys of the most common records first. */
const distinct = (lists: readonly (readonly string[])[]): string[] =>
  [...new Set(lists.flat())].slice(0, 2000)
