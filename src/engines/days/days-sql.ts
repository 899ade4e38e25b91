/**
 * Sketches and sums by user of whole UTC days as every engine can make them: what `daily_sketches` and `daily_users`
 * have of calls that are here. Buckets are told by their exact bounds: a logarithm only guesses where to look.
 */
import { sessionTotal } from '../../domain/call.js'
import type { ConditionName } from '../../rollups/parts.js'
import { exactBelow, growingLeasts } from '../../rollups/sketch-buckets.js'
import { sketchLabels, sketchQuantities } from '../../rollups/sketches.js'
import { userColumn, userParts } from '../../rollups/user-days.js'
import { roundedWhole } from '../calls-sql.js'
import { folded, folds, labelSources } from '../cells-sql.js'
import type { Dialect } from '../dialect.js'

/** A label with more values in a day has no sketches; users are not told of a day that has more, unless it has ten calls for each. */
const mostOfDay = { values: 1000, users: 10_000 } as const

const dayMicros = 86_400_000_000

const isCall = `trim(a_operation) <> '${sessionTotal}'`
const isHit = 'coalesce(a_cache_hit, 0) = 1'
const isFailed = "w_status = 'error'"

/** The conditions of parts of user days. */
const conditions: Readonly<Partial<Record<ConditionName, string>>> = {
  call: isCall,
  failed: isFailed,
  with_status: "w_status <> ''",
}

const userColumns = userParts.map(([name, of]) => userColumn(name, of))

/** `buckets` are `number:calls`, with spaces between them: a row for each would be a hundred times as many. */
const ofSketches = ['label', 'label_value', 'quantity', 'buckets'] as const

/**
 * Columns of an answer. `kind` is what a row tells of: `sketch`, `user`, or `day` where there are too many users;
 * `day_lines` is how many rows of sketches, or of the others, the day has.
 */
export const dayColumns: readonly string[] = [
  'kind',
  'day',
  ...ofSketches,
  'user_id',
  ...userColumns,
  'day_lines',
]

/** @param calls SELECT of priced calls */
export function days(dialect: Dialect, calls: string): string {
  return `WITH priced_calls AS (${calls})\n${sketchRows(dialect)}\nUNION ALL\n${userRows(dialect)}`
}

const select = (columns: Readonly<Record<string, string>>): string =>
  `SELECT ${Object.entries(columns)
    .map(([name, sql]) => `${sql} AS ${name}`)
    .join(', ')}`

/** All columns of an answer as texts. */
function told(dialect: Dialect, columns: Readonly<Record<string, string>>): string {
  return select(
    Object.fromEntries(
      dayColumns.map((name) => [
        name,
        columns[name] === undefined ? dialect.asText("''") : `coalesce(${dialect.asText(columns[name])}, '')`,
      ]),
    ),
  )
}

const chosen = (of: string, values: readonly string[]): string =>
  `CASE ${of} ${values.map((sql, i) => `WHEN ${i} THEN ${sql}`).join(' ')} END`

const isAnswered = `NOT (${isHit}) AND NOT (${isFailed})`
/** What is left of the latency after the first token. */
const generating = '(coalesce(a_latency_ms, 0) - coalesce(a_ttft_ms, 0))'

/**
 * What is sketched of a call, in units, before it is a whole number: as `sketches` has it. Nothing is divided by 0
 * even where nobody asks for the quotient: some engines look at it all the same.
 */
const measured = {
  y_latency: 'a_latency_ms * 1e6',
  y_ttft: `CASE WHEN ${isAnswered} THEN a_ttft_ms * 1e6 END`,
  y_speed: `CASE WHEN ${isAnswered} AND t_output > 0 AND a_latency_ms IS NOT NULL AND ${generating} > 0
    THEN (y_output * 1000) / (CASE WHEN ${generating} > 0 THEN ${generating} ELSE 1 END) * 1e6 END`,
  y_filled:
    'CASE WHEN t_max_tokens > 0 THEN y_output / (CASE WHEN t_max_tokens > 0 THEN t_max_tokens ELSE 1 END) * 1e9 END',
} as const

/** Of the quantities that a measure is told apart by, the number of the call's. */
const quantityAt = (name: string): string => String(sketchQuantities.indexOf(name))

const quantityOf = [
  quantityAt('cost_usd'),
  quantityAt('input_tokens'),
  quantityAt('output_tokens'),
  `${quantityAt('answered_latency_ms')} + y_which`,
  quantityAt('ttft_ms'),
  quantityAt('output_tokens_per_second'),
  quantityAt('output_of_max_tokens'),
]

const labels = sketchLabels.map((label) => `y_${label}`)
const dayAndLabels = ['y_day', ...labels].join(', ')

/** FROM item of numbers from 0 on. */
const numbers = (dialect: Dialect, alias: string, column: string, n: number): string =>
  dialect.inline(
    alias,
    [{ name: column, type: 'whole' }],
    Array.from({ length: n }, (_, i) => [i]),
  )

/** The fields of a call that count in sketches. */
const fields = ['a_latency_ms', 'a_ttft_ms', 'a_cache_hit', 'a_operation', 'w_status', 't_input', 't_output', 't_max_tokens', 'c_cost'] // prettier-ignore

/** SELECT: for each call and quantity that it has, its units, day and labels. */
function unitsOfCalls(dialect: Dialect): string {
  const read = `${select({
    y_day: dialect.divided('a_us', String(dayMicros)),
    y_which: `CASE WHEN ${isHit} THEN 1 ELSE 0 END + CASE WHEN ${isFailed} THEN 2 ELSE 0 END`,
    y_output: dialect.asDouble('t_output'),
    ...Object.fromEntries(
      sketchLabels.map((label) => [`y_${label}`, `coalesce(${labelSources[label]}, '')`]),
    ),
    ...Object.fromEntries(fields.map((name) => [name, name])),
  })} FROM priced_calls p WHERE r_refused IS NULL`
  const kept = ['y_day', 'y_which', ...labels]
  const doubles = `${select({
    ...Object.fromEntries(
      [...kept, 'c_cost', 't_input', 't_output', 'a_operation'].map((name) => [name, name]),
    ),
    ...measured,
  })} FROM (${read}) r`
  const counted = ['c_cost', 't_input', 't_output'].map((name) =>
    dialect.asWhole(`CASE WHEN ${isCall} THEN ${name} END`),
  )
  const rounded = Object.keys(measured).map((name) =>
    roundedWhole(
      dialect,
      `(CASE WHEN ${name} > 9.99999999999999e17 THEN 9.99999999999999e17 ELSE ${name} END)`,
    ),
  )
  const units = [...counted, ...rounded].map((sql, i) => `${sql} AS u_${i}`)
  const apart = `SELECT ${dayAndLabels}, ${chosen('q_n', quantityOf)} AS v_quantity, ${chosen(
    'q_n',
    units.map((_, i) => `u_${i}`),
  )} AS v_units
FROM (SELECT ${[...kept, ...units].join(', ')} FROM (${doubles}) d) u CROSS JOIN ${numbers(dialect, 'q', 'q_n', units.length)}`
  return `SELECT * FROM (${apart}) v WHERE v_units IS NOT NULL`
}

/** SELECT: how many calls of each combination of labels lie in each bucket. */
function bucketsOfLabels(dialect: Dialect): string {
  const bounds = dialect.inline(
    'b',
    ['b_bucket', 'b_least'].map((name) => ({ name, type: 'whole' })),
    growingLeasts,
  )
  const guessed = `SELECT ${dayAndLabels}, v_quantity, v_units, ${guess(dialect)} AS v_guess FROM (${unitsOfCalls(dialect)}) n`
  const bucketed = `SELECT ${dayAndLabels}, v_quantity, v_guess - CASE WHEN v_units < b_least THEN 1 ELSE 0 END AS v_bucket
FROM (${guessed}) g LEFT JOIN ${bounds} ON g.v_guess = b.b_bucket`
  return `SELECT ${dayAndLabels}, v_quantity, v_bucket, count(*) AS v_calls FROM (${bucketed}) k GROUP BY ${dayAndLabels}, v_quantity, v_bucket`
}

/** One row a day, label, value and quantity; none of a label that has too many values. */
function sketchRows(dialect: Dialect): string {
  const apart = `SELECT y_day, l_n, ${chosen('l_n', ["''", ...labels])} AS l_value, v_quantity, v_bucket, v_calls
FROM (${bucketsOfLabels(dialect)}) t CROSS JOIN ${numbers(dialect, 'l', 'l_n', labels.length + 1)}`
  const byLabel = `SELECT y_day, l_n, l_value, v_quantity, v_bucket, sum(v_calls) AS s_calls
FROM (${apart}) a GROUP BY y_day, l_n, l_value, v_quantity, v_bucket`
  const pair = `concat(${dialect.asText('v_bucket')}, ':', ${dialect.asText('s_calls')})`
  const packed = `SELECT y_day, l_n, l_value, v_quantity, ${dialect.joined(pair)} AS s_buckets FROM (${byLabel}) b GROUP BY y_day, l_n, l_value, v_quantity`
  const ranked = `SELECT y_day, l_n, l_value, v_quantity, s_buckets, dense_rank() OVER (PARTITION BY y_day, l_n ORDER BY l_value) AS s_rank FROM (${packed}) d`
  const crowd = `SELECT y_day, l_n, l_value, v_quantity, s_buckets, max(s_rank) OVER (PARTITION BY y_day, l_n) AS s_values FROM (${ranked}) c`
  const few = `SELECT y_day, l_n, l_value, v_quantity, s_buckets, count(*) OVER (PARTITION BY y_day) AS s_lines FROM (${crowd}) w WHERE s_values <= ${mostOfDay.values}`
  const word = (list: readonly string[]): readonly string[] => list.map((one) => `'${one}'`)
  return `${told(dialect, {
    kind: "'sketch'",
    day: 'y_day',
    label: chosen('l_n', word(['total', ...sketchLabels])),
    label_value: 'l_value',
    quantity: chosen('v_quantity', word(sketchQuantities)),
    buckets: 's_buckets',
    day_lines: 's_lines',
  })} FROM (${few}) s`
}

/** The bucket of so many units, or the one after it where they are just below its bound; never one before. */
function guess(dialect: Dialect): string {
  const units = dialect.asDouble('v_units')
  return dialect.asWhole(
    `CASE WHEN v_units < ${exactBelow} THEN ${units} ELSE ${exactBelow} + floor(ln(${units} / ${exactBelow}e0) * ${1 / Math.log(1.01)} + 1e-6) END`,
  )
}

function userRows(dialect: Dialect): string {
  const own = folds(dialect)
  const figures = userParts.map(([name, of], i) => {
    const condition = of === undefined ? '1 = 1' : conditions[of]
    if (condition === undefined) throw new Error(`no engine is told what ${of} is`)
    return `${folded(dialect, own[name], condition)} AS s_${i}`
  })
  const grouped = `SELECT y_day, y_user, ${figures.join(',\n  ')}
FROM (SELECT p.*, ${dialect.divided('a_us', String(dayMicros))} AS y_day, a_user_id AS y_user FROM priced_calls p WHERE r_refused IS NULL) c GROUP BY y_day, y_user`
  const names = userParts.map((_, i) => `s_${i}`)
  const all = userParts.findIndex(([name, of]) => name === 'rows' && of === undefined)
  const crowd = `SELECT y_day, y_user, ${names.join(', ')}, count(*) OVER (PARTITION BY y_day) AS d_users, sum(s_${all}) OVER (PARTITION BY y_day) AS d_rows,
  row_number() OVER (PARTITION BY y_day ORDER BY y_user) AS d_number FROM (${grouped}) g`
  const few = `(d_users <= ${mostOfDay.users} OR d_users * 10 <= d_rows)`
  return `${told(dialect, {
    kind: `CASE WHEN ${few} THEN 'user' ELSE 'day' END`,
    day: 'y_day',
    user_id: `CASE WHEN ${few} THEN y_user END`,
    ...Object.fromEntries(userColumns.map((name, i) => [name, `s_${i}`])),
    day_lines: `CASE WHEN ${few} THEN d_users ELSE 1 END`,
  })} FROM (${crowd}) u WHERE ${few} OR d_number = 1`
}
