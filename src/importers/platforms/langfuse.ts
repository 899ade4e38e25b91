import { absent } from '../bodies/body-places.js'
import { allWrites, sumOf as sumOfTexts } from '../bodies/counts.js'
import { Document, firstOf } from '../document.js'
import { at, isObject } from '../sample-values.js'
import type { Importer, ReadPlan } from '../importer.js'
import type { Survey } from '../survey.js'
import { quoteText } from '../../domain/words/quoting.js'
import { standsForItself, tagsOf } from '../made-records.js'

type Values = Readonly<Record<string, unknown>>

/** An observation, by what no other log has together: as the interface names its values, and as the blob export does. */
const isObservation = (keys: readonly string[]): boolean => {
  const has = (...names: string[]): boolean => names.every((name) => keys.includes(name))
  return (
    has('traceId', 'type', 'startTime') ||
    (has('traceId', 'type') && (has('usageDetails') || has('costDetails') || has('parentObservationId'))) ||
    has('usageDetails', 'costDetails') ||
    has('providedModelName') ||
    // Which groups of fields a blob export has is chosen by the user.
    has('provided_model_name') ||
    (has('usage_details') && (has('cost_details') || has('parent_observation_id')))
  )
}

const listed = (value: unknown): readonly Values[] => (Array.isArray(value) ? value.filter(isObject) : [])

/** The observations in a record: itself, those of a trace, those of a page. */
const observationsIn = (record: Values): readonly Values[] =>
  [
    [record],
    listed(record['observations']),
    listed(at(record, 'trace', 'observations')),
    listed(record['data']),
  ].find((some) => some.some((one) => isObservation(Object.keys(one)))) ?? []

/** What a trace says of all its observations, under the names that they have it by where they have it themselves. */
const ofTrace = {
  name: 'traceName',
  userId: 'userId',
  sessionId: 'sessionId',
  release: 'release',
  tags: 'traceTags',
} as const

/** What people wrote, and what tools were told: left out. */
const content = [
  'input',
  'output',
  'toolDefinitions',
  'toolCalls',
  'tool_definitions',
  'tool_calls',
  'comments',
]
const without = JSON.stringify(Object.fromEntries(content.map((name) => [name, null])))

/** What exports by way of a table write as the text of an object. */
const objects = ['usageDetails', 'usage_details', 'costDetails', 'cost_details']

/** SQL: an observation whose texts of objects are objects. */
function opened(one: string): string {
  const isText = (key: string): string => `json_type(${one}, '/${key}') = 'VARCHAR'`
  const text = (key: string): string => `json_extract_string(${one}, '/${key}')`
  const entries = objects.map(
    (key) =>
      `CASE WHEN ${isText(key)} AND json_valid(${text(key)}) AND starts_with(ltrim(${text(key)}), '{') THEN json_object('${key}', CAST(${text(key)} AS JSON)) ELSE '{}' END`,
  )
  const merged = entries.reduce((sql, entry) => `json_merge_patch(${sql}, ${entry})`, one)
  return `CASE WHEN ${objects.map(isText).join(' OR ')} THEN ${merged} ELSE ${one} END`
}

/**
 * Each observation of a trace or page, with what the trace says of it; what stands alone as it is.
 * @param lines see Importer
 */
function records(lines: string): string {
  const trace = (name: string): string =>
    `coalesce(json_extract(text, '/trace/${name}'), json_extract(text, '/${name}'))`
  const context = `json_object(${Object.entries(ofTrace)
    .map(([from, to]) => `'${to}', ${trace(from)}`)
    .join(', ')})`
  const list = firstOf(
    ...['/trace/observations', '/observations', '/data'].map(
      (path) => `CASE WHEN json_type(text, '${path}') = 'ARRAY' THEN json_extract(text, '${path}') END`,
    ),
  )!
  // What an observation says itself counts before what its trace does.
  const merged = `CASE WHEN is_trace THEN json_merge_patch(context, json_merge_patch(one, '${without}')) ELSE json_merge_patch(one, '${without}') END`
  return `
    WITH told AS MATERIALIZED (
      SELECT line, text, is_object, CASE WHEN is_object THEN ${list} END AS list FROM (
        SELECT line, text, coalesce(json_valid(text) AND starts_with(ltrim(text), '{'), false) AS is_object FROM ${lines})),
    parts AS (
      SELECT line, json_extract(list, '/' || i) AS one, is_trace, context FROM (
        SELECT line, list, json_type(text, '/data') IS DISTINCT FROM 'ARRAY' AS is_trace, ${context} AS context,
          unnest(range(CAST(json_array_length(list) AS BIGINT))) AS i
        FROM told WHERE list IS NOT NULL)
      UNION ALL
      SELECT line, CAST(text AS JSON), false, NULL FROM told WHERE is_object AND list IS NULL)
    SELECT line, CASE WHEN json_type(one) = 'OBJECT' THEN CAST(${merged} AS VARCHAR) ELSE '{}' END AS text FROM (
      SELECT * EXCLUDE (one), CASE WHEN json_type(one) = 'OBJECT' THEN ${opened('one')} ELSE one END AS one FROM parts)
    UNION ALL
    SELECT line, ${standsForItself('text')} FROM told WHERE list IS NULL AND NOT is_object
    UNION ALL
    SELECT line, '{}' FROM told WHERE list IS NOT NULL AND json_array_length(list) = 0`
}

/** Names of counts within the input, each the column that it is; a count of another name is named and not priced. */
export const counts = {
  cache_read_input_tokens: [
    'input_cached_tokens',
    'input_cache_read',
    'cache_read_input_tokens',
    'input_cached',
    'prompt_details.cache_read',
  ],
  cache_creation_input_tokens: [
    'input_cache_creation',
    'input_cache_write',
    'input_cache_write_tokens',
    'cache_creation_input_tokens',
    'input_cache_creation_tokens',
  ],
  input_audio_tokens: ['input_audio', 'input_audio_tokens'],
  input_image_tokens: ['input_image', 'input_image_tokens'],
  output_audio_tokens: ['output_audio', 'output_audio_tokens'],
  reasoning_output_tokens: ['output_reasoning', 'output_reasoning_tokens', 'completion_details.reasoning'],
} as const

/** Writes by how long they are kept; both beside the sum of them, or instead of it. */
const written = {
  '5m': [
    'input_cache_creation_5m',
    'input_cache_creation_5m_tokens',
    'input_ephemeral_5m_input_tokens',
    'ephemeral_5m_input_tokens',
    'cache_creation_5m',
  ],
  '1h': [
    'input_cache_creation_1h',
    'input_cache_creation_1h_tokens',
    'input_ephemeral_1h_input_tokens',
    'ephemeral_1h_input_tokens',
    'cache_creation_1h',
  ],
} as const

/** Details that are plain output, and are billed so. */
const plain = ['output_accepted_prediction_tokens', 'output_rejected_prediction_tokens']

/** Parts of counts that stand elsewhere in the same object: of the whole input or output they are no further part. */
const isWithin = (key: string): boolean => /^(?:prompt|completion)_details\./.test(key)

function plan(survey: Survey): ReadPlan {
  const doc = Document.for(survey)
  const has = (...names: readonly string[]): readonly string[] =>
    names.filter((name) => survey.keys.includes(name))
  const top = (...names: readonly string[]): string | undefined =>
    firstOf(...has(...names).map((name) => `nullif(${doc.text(name)}, '')`))
  // Exports of both kinds may be read together, each with its own spelling.
  const places = has('usageDetails', 'usage_details').map(
    (place) => [place, survey.shape.get(JSON.stringify([place])) ?? []] as const,
  )
  const keys = [...new Set(places.flatMap(([, own]) => own))]
  const cells = (key: string): readonly string[] =>
    places.flatMap(([place, own]) => (own.includes(key) ? [doc.text(place, key)] : []))
  const cell = (key: string): string => firstOf(...cells(key))!
  const whole = (sql: string): string => `TRY_CAST(${sql} AS DECIMAL(20, 2))`
  const sumOf = (some: readonly string[]): string | undefined => {
    if (some.length === 0) return undefined
    const there = `coalesce(${some.map(cell).join(', ')}) IS NOT NULL`
    const sum = some.map((key) => `coalesce(${whole(cell(key))}, 0)`).join(' + ')
    // What is no count goes on as it is, to be refused: as nothing it would make a sum that looks right.
    const odd = some.map(
      (key) =>
        `CASE WHEN ${whole(cell(key))} IS NULL OR ${whole(cell(key))} < 0 OR ${whole(cell(key))} > ${10 ** 12} THEN ${cell(key)} END`,
    )
    return `CASE WHEN ${there} THEN coalesce(${odd.join(', ')}, regexp_replace(CAST(${sum} AS VARCHAR), '\\.0+$', '')) END`
  }
  const within = (word: string): readonly string[] =>
    keys.filter((key) => key.includes(word) && !isWithin(key))
  const known = (names: readonly string[]): string | undefined =>
    firstOf(...names.filter((name) => keys.includes(name)).map(cell))
  // The platform takes every detail out of `input` and `output`: the whole is the sum of all that bear the word.
  const legacy = (key: string): string | undefined =>
    has('usage').length > 0 ? doc.text('usage', key) : undefined
  const given = (name: string): string | undefined => {
    const text = top(name)
    return text === undefined ? undefined : `nullif(${text}, '0')`
  }
  // Whoever counts himself may leave details inside: the total says so, where it is that of input and output alone.
  const total = known(['total', 'total_tokens'])
  const isInside = keys.includes('input') && keys.includes('output') && total !== undefined && keys.length > 3
  const number = (sql: string): string => `coalesce(${whole(sql)}, 0)`
  const inside = !isInside
    ? 'false'
    : `coalesce(${whole(total)} = ${number(cell('input'))} + ${number(cell('output'))} AND ${[
        ['input', ...within('input')],
        ['output', ...within('output')],
      ]
        .map(
          ([side, ...all]) =>
            `${number(cell(side!))} >= 0${all
              .filter((key) => key !== side)
              .map((key) => ` + ${number(cell(key))}`)
              .join('')}`,
        )
        .join(' AND ')}, false)`
  const plainOr = (side: 'input' | 'output', sum: string | undefined): string | undefined => {
    return inside === 'false' || sum === undefined
      ? sum
      : `CASE WHEN ${inside} THEN ${cell(side)} ELSE ${sum} END`
  }
  const hourly = known(written['1h'])
  const parts = [...written['5m'], ...written['1h']].filter((key) => keys.includes(key))
  const all = known(counts.cache_creation_input_tokens)
  const writes =
    all === undefined || parts.length === 0
      ? (all ?? sumOf(parts))
      : allWrites(all, known(written['5m']) ?? absent, hourly ?? absent)
  // A sum of writes and its parts are told side by side: they are one.
  const ofWrites: readonly string[] = [...parts, ...counts.cache_creation_input_tokens]
  const sumOfInput =
    all === undefined || parts.length === 0
      ? sumOf(within('input'))
      : sumOfTexts(sumOf(within('input').filter((key) => !ofWrites.includes(key))) ?? absent, writes!)
  const fields: Record<string, string | undefined> = {
    call_id: top('id'),
    ts: top('startTime', 'start_time'),
    request_model: top('model', 'providedModelName', 'provided_model_name'),
    operation: `CASE ${top('type') ?? 'NULL'} WHEN 'EMBEDDING' THEN 'embedding' ELSE 'chat' END`,
    feature: top('traceName', 'trace_name', 'name'),
    user_id: top('userId', 'user_id'),
    session_id: top('sessionId', 'session_id'),
    trace_id: top('traceId', 'trace_id'),
    environment: top('environment') === undefined ? undefined : `nullif(${top('environment')}, 'default')`,
    prompt_name: top('promptName', 'prompt_name'),
    input_tokens: firstOf(
      plainOr('input', sumOfInput),
      legacy('input'),
      legacy('promptTokens'),
      given('inputUsage'),
      given('promptTokens'),
    ),
    output_tokens: firstOf(
      plainOr('output', sumOf(within('output'))),
      legacy('output'),
      legacy('completionTokens'),
      given('outputUsage'),
      given('completionTokens'),
    ),
    ...Object.fromEntries(Object.entries(counts).map(([field, names]) => [field, known(names)])),
    cache_creation_input_tokens: writes,
    cache_creation_1h_input_tokens: hourly,
    reported_cost_usd: firstOf(
      ...has('costDetails', 'cost_details').map((name) => `nullif(${doc.text(name, 'total')}, '')`),
      given('totalCost'),
      given('total_cost'),
      given('calculatedTotalCost'),
    ),
    latency_ms: firstOf(
      seconds(top('latency')),
      between(top('startTime', 'start_time'), top('endTime', 'end_time')),
    ),
    ttft_ms: seconds(top('timeToFirstToken', 'time_to_first_token')),
    error:
      top('level') === undefined
        ? undefined
        : `CASE WHEN ${top('level')} = 'ERROR' THEN coalesce(${top('statusMessage', 'status_message') ?? 'NULL'}, 'error') END`,
    temperature: firstOf(
      ...has('modelParameters', 'model_parameters').map((name) => doc.embedded(name).text('temperature')),
    ),
    max_tokens: firstOf(
      ...has('modelParameters', 'model_parameters').flatMap((name) => [
        doc.embedded(name).text('max_tokens'),
        doc.embedded(name).text('max_completion_tokens'),
      ]),
    ),
  }
  const unit = firstOf(top('unit'), ...inShape(survey, 'usage', 'unit').map((key) => doc.text('usage', key)))
  const isTokens = `coalesce(upper(${unit ?? 'NULL'}) IN ('TOKENS', ''), true)`
  const ofTokens = (sql: string | undefined): string | undefined =>
    unit === undefined || sql === undefined ? sql : `CASE WHEN ${isTokens} THEN ${sql} END`
  const type = top('type')
  const parent = top('parentObservationId', 'parent_observation_id')
  const uses = [
    ...[...within('input'), ...within('output')].flatMap(cells),
    ...(
      [
        'usage',
        'inputUsage',
        'outputUsage',
        'totalUsage',
        'promptTokens',
        'completionTokens',
        'totalTokens',
      ] as const
    ).flatMap((name) => has(name).map((key) => doc.text(key))),
  ]
  // The interface sums up under other names what the details have, or has alone.
  const details = sumOf([...within('input'), ...within('output')])
  const alone = firstOf(legacy('total'), given('totalUsage'), given('totalTokens'))
  const legacyTotal =
    alone === undefined || details === undefined ? alone : `CASE WHEN ${details} IS NULL THEN ${alone} END`
  const unknown = [...within('input'), ...within('output')].filter(
    (key) => ![...Object.values(counts).flat(), ...parts, ...plain, 'input', 'output'].includes(key),
  )
  // The provider's own name is no detail where ours is not there.
  const besides = (place: string, own: readonly string[], key: string): string => {
    const side = /^(input|output)_tokens$/.exec(key)?.[1]
    return side === undefined
      ? ''
      : ` AND ${own.includes(side) ? `${doc.text(place, side)} IS NOT NULL` : 'false'}`
  }
  const unread = [
    ...places.flatMap(([place, own]) =>
      unknown
        .filter((key) => own.includes(key))
        .map(
          (key) =>
            `CASE WHEN ${whole(doc.text(place, key))} > 0${besides(place, own, key)} THEN ${quoteText(`${place}.${key}`)} END`,
        ),
    ),
    // Before 3 it counted in characters, seconds, images and requests as well.
    ...(unit === undefined ? [] : [`CASE WHEN NOT ${isTokens} THEN 'usage in ' || left(replace(${unit}, ';', '?'), 20) END`]), // prettier-ignore
  ]
  return {
    document: doc,
    cacheTokens: 'included',
    cacheTokensCertain: true,
    callsMayLackUsage: true,
    othersAreNoCalls: true,
    // A parent of another type may have usage too, and is left out by its place; without places only these are sure.
    isCall:
      parent === undefined
        ? `coalesce(${type ?? 'NULL'}, 'GENERATION') IN ('GENERATION', 'EMBEDDING')`
        : `coalesce(${type ?? 'NULL'}, 'GENERATION') IN ('GENERATION', 'EMBEDDING') OR coalesce(${fields['input_tokens'] ?? 'NULL'}, ${fields['output_tokens'] ?? 'NULL'}) IS NOT NULL`,
    ...(parent === undefined ? {} : { spans: { parent, own: `[${fields['call_id'] ?? 'NULL'}]` } }),
    totalTokens: ofTokens(firstOf(total, legacyTotal)),
    ...(unread.length === 0 ? {} : { unread: `nullif(concat_ws('; ', ${unread.join(', ')}), '')` }),
    uses,
    addedUp: ['input_tokens', 'output_tokens', 'cache_creation_input_tokens'],
    moneyFree: [...prices, ...sums(survey)],
    fields: Object.fromEntries(
      Object.entries(fields)
        .filter(([, sql]) => sql !== undefined)
        .map(([name, sql]) => [name, tokenFields.has(name) ? ofTokens(sql) : sql]),
    ) as ReadPlan['fields'],
    tags: tagsOf(labels(doc, top)),
    // Without a type of its own, NULL would be a number, which no run after the first could compare.
    revisionId:
      firstOf(top('updatedAt', 'updated_at'), top('createdAt', 'created_at')) ?? 'CAST(NULL AS VARCHAR)',
  }
}

const tokenFields: ReadonlySet<string> = new Set(['input_tokens', 'output_tokens', 'cache_creation_1h_input_tokens', ...Object.keys(counts)]) // prettier-ignore

/** Of some keys those that an object of some record has. */
const inShape = ({ shape }: Survey, place: string, ...keys: readonly string[]): readonly string[] =>
  keys.filter((key) => shape.get(JSON.stringify([place]))?.includes(key) === true)

const seconds = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : `CAST(round(TRY_CAST(${text} AS DOUBLE) * 1000, 3) AS VARCHAR)`

const between = (from: string | undefined, to: string | undefined): string | undefined =>
  from === undefined || to === undefined
    ? undefined
    : `CAST(round((epoch(TRY_CAST(${to} AS TIMESTAMPTZ)) - epoch(TRY_CAST(${from} AS TIMESTAMPTZ))) * 1000, 3) AS VARCHAR)`

function labels(
  doc: Document,
  top: (...names: string[]) => string | undefined,
): Readonly<Record<string, string>> {
  const found: Record<string, string | undefined> = {
    observation: top('name'),
    version: top('version'),
    release: top('release'),
    prompt_version: top('promptVersion', 'prompt_version'),
    pricing_tier: top('usagePricingTierName', 'usage_pricing_tier_name'),
    team: doc.embedded('metadata').text('team'),
  }
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

const price = 'a price of the platform, not an amount'
const prices = ['inputPrice', 'outputPrice', 'totalPrice', 'input_price', 'output_price', 'total_price'].map(
  (name) => ({ path: [name], reason: price }),
)

/** Parts and other tellings of the cost, and costs of what was provided, beside the total that counts. */
function sums({ shape, keys }: Survey): NonNullable<ReadPlan['moneyFree']> {
  const places = [
    'costDetails',
    'cost_details',
    'providedCostDetails',
    'providedUsageDetails',
    'provided_cost_details',
    'provided_usage_details',
  ]
  const reason = 'a part of the total that counts, or another telling of it'
  return [
    ...places.flatMap((place) => [
      { path: [place], reason },
      ...(shape.get(JSON.stringify([place])) ?? []).map((key) => ({ path: [place, key], reason })),
    ]),
    ...keys
      .filter((key) =>
        /^(?:(?:calculated)?(?:input|output|total)_?cost|usage_?pricing_?tier_?(?:id|name)|(?:input|output|total)Usage|toolCallsCount|toolDefinitionsCount)$/i.test(
          key,
        ),
      )
      .map((key) => ({ path: [key], reason })),
  ]
}

/**
 * Exports of Langfuse: of its interface (CSV, JSON, JSONL), of blob storage, pages of its API, and whole traces.
 * An observation with usage above another with usage is no call: two instrumentations may have seen one.
 */
export const langfuse: Importer = {
  id: 'langfuse',
  writer: 'tool',
  about: "Langfuse's observations: exports of the interface and of blob storage, API pages, traces",
  example: 'Tracing → Observations → Export; or the scheduled blob export',
  recognisedBy:
    '`traceId` with `type` and `startTime`, `usageDetails` with `costDetails`, `provided_model_name`',
  lacks: 'the provider, service tier and why an answer ended; parents, where an export leaves them out',
  detects: ({ kind, records: some, header }) =>
    kind === 'csv' ? isObservation(header) : some.some((record) => observationsIn(record).length > 0),
  callsAreLeaves: true,
  records,
  plan,
}
