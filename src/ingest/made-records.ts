/**
 * Records that an importer makes of lines: a session tells a call in several lines, and a batch of spans holds
 * many calls in one. They are made before they are surveyed, and keep the numbers of their lines.
 */
import type { Database } from '../db/database.js'
import { isObject } from '../importers/sample-values.js'
import type { Sample } from '../importers/survey.js'
import { withoutHalfSigns } from './files/half-signs.js'
import type { Unit } from './files/units.js'
import type { SourceRelation } from './typing/normalise.js'

/** The number of the first line of which records are made: beyond those of rows that are records themselves. */
export const firstPlace = 2 ** 50

/** True for the number of a first row that is that of a line of which records were made. */
export const areOfLines = (firstRow: number): boolean => firstRow >= firstPlace

/** What was made of a unit's lines. */
interface Made {
  readonly relation: SourceRelation
  /** SQL: rows of the lines that tell nothing. Most are such: they are staged without being read. */
  readonly nothing: string
  readonly lines: number
}

/**
 * Makes the records of a unit, in a table of their own; the next unit's take its place.
 * @param place the number of the unit's first line among all of the run
 * @throws where a line has no record: it could be lost
 */
export async function makeRecords(
  db: Database,
  unit: Unit,
  given: SourceRelation,
  place: number,
  records: (lines: string) => string,
): Promise<Made> {
  // Half a sign would make no JSON of its line, and no record of the line.
  const whole = (await withoutHalfSigns(db, given)) ?? given
  await db.run(
    `CREATE OR REPLACE TEMP TABLE made AS SELECT ${place} + line AS place, text FROM (${records(linesOf(unit, whole))}) ORDER BY line`,
  )
  const { told } = await db.one<{ told: number }>('SELECT count(DISTINCT place) AS told FROM made')
  const lines = await countOf(db, unit, given)
  if (lines !== told) throw new Error(`making records lost its place: ${told} of ${lines} lines have any`)
  return {
    relation: {
      kind: 'json',
      header: [],
      sql: "SELECT place, text FROM made WHERE text IS DISTINCT FROM '{}'",
      hasPlaces: true,
    },
    nothing: "SELECT place, 'skip' AS state FROM made WHERE text = '{}'",
    lines,
  }
}

/** Lines of a unit; counted again only where nobody did while they were copied. */
async function countOf(db: Database, { segments }: Unit, { sql }: SourceRelation): Promise<number> {
  const rows = segments.map((segment) => segment.rows)
  if (rows.every((n) => n !== undefined)) return rows.reduce((sum, n) => sum + n, 0)
  return (await db.one<{ n: number }>(`SELECT count(*) AS n FROM (${sql})`)).n
}

/**
 * FROM item: the lines of a unit, from 0, each with the number of its file in the unit. Files and lines are laid side
 * by side, as both are in order: a search for each line's file would sort all texts.
 */
function linesOf({ segments }: Unit, { sql }: SourceRelation): string {
  const numbered = 'row_number() OVER () - 1 AS line'
  if (segments.length === 1) return `(SELECT 0 AS file, ${numbered}, text FROM (${sql}))`
  const files = segments.flatMap(({ rows = 0 }, file) => (rows === 0 ? [] : [`(${file}, ${rows})`]))
  const owners = `SELECT file, unnest(range(n)) FROM (VALUES ${files.join(', ')}) t(file, n)`
  return `(SELECT f.file, ${numbered}, l.text FROM (${sql}) l POSITIONAL JOIN (${owners}) f)`
}

/** Records of which a plan is made. */
const sampleSize = 200

/** The first records that were made. */
export async function sampleOf(db: Database, { sql }: SourceRelation): Promise<Sample> {
  const { rows } = await db.query<{ text: string }>(
    `SELECT text FROM (${sql}) WHERE json_valid(text) AND starts_with(text, '{') LIMIT ${sampleSize}`,
  )
  const records = rows.map(({ text }) => parsed(text)).filter(isObject)
  return { kind: 'json', header: [], records }
}

/** The engine takes some texts for JSON, such as numbers that are none, that are no JSON here. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
