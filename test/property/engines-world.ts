/** Calls of every kind that pricing knows, as a log, and an engine's cells of them beside the store's own. */
import fc from 'fast-check'
import { Database } from '../../src/db/database.js'
import { cellsOfAnswer } from '../../src/engines/answer-sql.js'
import type { HourRange } from '../../src/engines/calls-sql.js'
import type { Dialect } from '../../src/engines/dialect.js'
import { sketchesOfAnswer, usersOfAnswer } from '../../src/engines/days/days-answer.js'
import { resolved, surveyRows } from '../../src/engines/resolve.js'
import { cubeStatement, dayStatement, surveyColumns, surveyStatement } from '../../src/engines/statements.js'
import type { ForeignTable } from '../../src/engines/table.js'
import type { CostBasis } from '../../src/domain/costs/basis.js'
import type { PriceBook } from '../../src/pricing/book.js'
import { labels } from '../../src/rollups/labels.js'
import { cellColumn, partNames, partOfCalls } from '../../src/rollups/parts.js'
import { userPartColumns, userPartsOfDays } from '../../src/rollups/user-days.js'

const models = [
  ['openai', 'gpt-4o'],
  ['openai', 'gpt-5'],
  ['openai', 'gpt-4o-audio-preview'],
  ['openai', 'text-embedding-3-small'],
  ['anthropic', 'claude-sonnet-4-5'],
  ['anthropic', 'claude-opus-4-6'],
  ['google', 'gemini-2.5-pro'],
  ['google', 'gemini-2.5-flash'],
  ['deepseek', 'deepseek-chat'],
  ['aws', 'anthropic.claude-sonnet-4-5-20250929-v1:0'],
  [null, 'gpt-4o-mini'],
  [null, 'in-house-1'],
  ['perplexity', 'sonar-pro'],
  // Names stand in the statement: none may end its text.
  ["o'brien\\", "it's \\'; DROP TABLE calls; --"],
] as const

/** Prices whose products seldom come out even, one of them above all that 64 bits hold of usual counts. */
export const oddPrices =
  'model,input,output,cache_read,reasoning_output\nin-house-1,0.123456789,7.000000001,0.000000007,0.987654321\ngpt-5,12345.678901234,0.5,,\n'

const maybe = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { nil: null, freq: 2 })
const count = fc.oneof(
  fc.constantFrom(0, 1, 7, 128_000, 199_999, 200_000, 200_001, 272_001, 999_999_999),
  fc.nat(20_000),
  fc.nat(1_000_000),
)
const share = fc.constantFrom(0, 0, 0.1, 0.5, 1)

/** A record of a log; shares of its tokens are of these. */
export const loggedCall = fc
  .record({
    at: fc.integer({ min: Date.UTC(2025, 10, 1), max: Date.UTC(2025, 10, 4) }),
    model: fc.constantFrom(...models),
    input: maybe(count),
    output: maybe(count),
    read: share,
    write: share,
    hour: share,
    reasoning: maybe(share),
    audio: fc.constantFrom(null, null, null, 0.2, 1),
    image: fc.constantFrom(null, null, null, 0.3),
    searches: fc.constantFrom(null, null, 1, 3, 1001),
    tier: fc.constantFrom(null, null, 'standard', 'batch', 'flex', 'priority', 'gold'),
    speed: fc.constantFrom(null, null, null, 'fast', 'warp'),
    region: fc.constantFrom(null, null, 'us', 'eu-west-1', 'us-gov-west-1', 'global'),
    cost: fc.constantFrom(
      null,
      null,
      0,
      0.000000000001,
      0.0000015,
      0.002999999999,
      0.003,
      0.1,
      99_999.999999,
    ),
    feature: fc.constantFrom('chat', "it's", 'back\\slash', null),
    endpoint: fc.constantFrom('/v1/a', null),
    status: fc.constantFrom('ok', 'error', null),
    finish: fc.constantFrom('stop', 'length', 'tool_calls', null),
    hit: fc.constantFrom(null, null, false, true),
    kind: fc.constantFrom('exact', 'semantic', null),
    latency: fc.constantFrom(null, 0, 0.0005, 1234.5678, 90_000.0015, 1e9),
    score: fc.constantFrom(null, 0.3, -0.7, 1 / 3, 0.1234567895),
    attempt: fc.constantFrom(null, 1, 2),
    max: fc.constantFrom(null, 100),
    operation: fc.constantFrom('chat', 'embedding', null),
    user: fc.constantFrom('u1', 'u2', "u'3", null),
    ttft: fc.constantFrom(null, 0, 0.0005, 250.25, 900),
  })
  .map((one) => {
    const input = one.input
    const read = input === null ? null : Math.floor(input * one.read * 0.5)
    const write = input === null || one.write === 0 ? null : Math.floor(input * one.write * 0.5)
    const told = {
      timestamp: new Date(one.at).toISOString(),
      provider: one.model[0],
      model: one.model[1],
      input_tokens: input,
      output_tokens: one.output,
      cache_read_input_tokens: read,
      cache_creation_input_tokens: write,
      cache_creation_1h_input_tokens: write === null ? null : Math.floor(write * one.hour),
      reasoning_output_tokens: part(one.output, one.reasoning),
      input_audio_tokens: part(input, one.audio),
      cache_read_audio_input_tokens: part(read, one.audio),
      output_audio_tokens: part(one.output, one.audio),
      input_image_tokens: part(input, one.image),
      output_image_tokens: part(one.output, one.image),
      web_search_requests: one.searches,
      service_tier: one.tier,
      speed: one.speed,
      region: one.region,
      cost_usd: one.cost,
      feature: one.feature,
      endpoint: one.endpoint,
      status: one.status,
      finish_reason: one.finish,
      cache_hit: one.hit,
      cache_type: one.hit === true ? one.kind : null,
      latency_ms: one.latency,
      ttft_ms: one.ttft,
      user_id: one.user,
      quality_score: one.score,
      user_feedback: one.score,
      attempt: one.attempt,
      max_tokens: one.max,
      operation: one.operation,
    }
    return JSON.stringify(Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null)))
  })

const part = (of: number | null, share: number | null): number | null =>
  of === null || share === null ? null : Math.floor(of * share)

/** An engine that answers a statement with rows of texts. */
export interface Engine {
  readonly dialect: Dialect
  /** @returns FROM item of the answer */
  ask(sql: string): Promise<string>
}

type Asked = readonly [
  db: Database,
  engine: Engine,
  table: ForeignTable,
  book: PriceBook,
  basis: CostBasis,
  hours: readonly HourRange[],
]

/** FROM item of an engine's answer to the question for cells. */
export const answerOf = (...asked: Asked): Promise<string> => answerTo(cubeStatement, ...asked)

/** FROM item of an engine's answer to the question for sketches and users of days. */
export const daysOf = (...asked: Asked): Promise<string> => answerTo(dayStatement, ...asked)

async function answerTo(
  statement: typeof cubeStatement,
  ...[db, engine, table, book, basis, hours]: Asked
): Promise<string> {
  const query = { dialect: engine.dialect, table, hours }
  const survey = await engine.ask(surveyStatement(query))
  await db.run(
    `CREATE OR REPLACE TEMP TABLE surveyed AS SELECT ${surveyColumns.map((name) => `coalesce(${name}, '') AS ${name}`).join(', ')} FROM ${survey}`,
  )
  const span = [hours[0]![0] * 3_600_000_000, hours.at(-1)![1] * 3_600_000_000] as const
  const prices = await resolved(db, book, await surveyRows(db, 'surveyed'), table.isOurs === true, span)
  return engine.ask(statement(query, prices, basis))
}

/** Makes `found` of an engine's cells of the calls in a table, in the words and types of `hourly_labels`. */
export async function cellsFrom(...asked: Asked): Promise<string> {
  const [db] = asked
  const answer = await answerOf(...asked)
  await db.run(`CREATE OR REPLACE TEMP TABLE answer AS SELECT * FROM ${answer}`)
  await db.run(`CREATE OR REPLACE TEMP TABLE found AS ${cellsOfAnswer('answer')}`)
  return 'found'
}

const quarter = 'make_timestamp(epoch_us(ts) // 900000000 * 900000000)'
const columns = ['ts', ...labels, ...partNames.map(cellColumn)]

/** What DuckDB's own upkeep makes of calls. */
const cellsOfCalls = `SELECT ${[`${quarter} AS ts`, ...labels, ...partNames.map((name) => `${partOfCalls(name)} AS ${cellColumn(name)}`)].join(', ')} FROM calls GROUP BY ALL`

/** Cells that only one side has: none, where both have the same digits in every column. */
export const differing = (found: string): string => {
  const list = columns.map((name) => `CAST(${name} AS VARCHAR) AS ${name}`).join(', ')
  const [ours, theirs] = [`SELECT ${list} FROM (${cellsOfCalls})`, `SELECT ${list} FROM ${found}`]
  return `SELECT 'store' AS side, * FROM ((${ours}) EXCEPT ALL (${theirs})) UNION ALL SELECT 'engine' AS side, * FROM ((${theirs}) EXCEPT ALL (${ours}))`
}

const sketchNames = ['ts', 'label', 'label_value', 'quantity', 'bucket', 'bucket_calls']
const userNames = ['ts', 'user_id', ...userPartColumns]

/** Rows of sketches and of users that only one side has. @param own schema of the store's tables */
export const differingDays = (own: string, answer: string): string =>
  differingRows(own, `(${sketchesOfAnswer(answer)})`, `(${usersOfAnswer(answer)})`)

/** The same of two stores, whoever brought the rows. */
export const differingTables = (one: string, other: string): string =>
  differingRows(
    one,
    `(SELECT * REPLACE (sum(bucket_calls) AS bucket_calls) FROM (SELECT ${sketchNames.join(', ')} FROM ${other}.daily_sketches) GROUP BY ALL)`,
    `(SELECT ts, user_id, ${userPartsOfDays.join(', ')} FROM ${other}.daily_users GROUP BY ts, user_id)`,
  )

function differingRows(own: string, sketches: string, users: string): string {
  const texts = (names: readonly string[]): string =>
    names.map((name) => `CAST(${name} AS VARCHAR) AS ${name}`).join(', ')
  const pairs = [
    [sketchNames, `${own}.daily_sketches`, sketches],
    [userNames, `${own}.daily_users`, users],
  ] as const
  return pairs
    .flatMap(([names, ours, theirs]) =>
      [
        ['store', ours, theirs],
        ['engine', theirs, ours],
      ].map(
        ([side, one, other]) =>
          `SELECT '${side}' AS side, * FROM (SELECT ${texts(names)} FROM ${one} EXCEPT ALL SELECT ${texts(names)} FROM ${other})`,
      ),
    )
    .join(' UNION ALL BY NAME ')
}
