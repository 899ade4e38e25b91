import { Document, firstOf } from '../document.js'
import { at, isObject } from '../sample-values.js'
import type { Importer, ReadPlan } from '../importer.js'
import type { Survey } from '../survey.js'
import { tagsOf } from '../made-records.js'

type Values = Readonly<Record<string, unknown>>

/** Where a page has its events: that of the dashboard, and that of the teams' interface. */
const lists = ['usageEventsDisplay', 'usageEvents'] as const

const isEvent = (r: Values): boolean =>
  isObject(r['tokenUsage']) &&
  ('totalCents' in r['tokenUsage'] || 'chargedCents' in r || 'cursorTokenFee' in r)

const isPage = (r: Values): boolean =>
  lists.some(
    (name) =>
      Array.isArray(r[name]) &&
      (name === 'usageEventsDisplay' || isObject(at(r, name, '0')) || 'totalUsageEventsCount' in r),
  )

const columns = {
  written: 'Input (w/ Cache Write)',
  plain: 'Input (w/o Cache Write)',
  read: 'Cache Read',
  output: 'Output Tokens',
  total: 'Total Tokens',
} as const

/** Each event of a page, and what stands alone as it is. */
const records = (lines: string): string => `
  WITH told AS MATERIALIZED (
    SELECT line, text, CASE WHEN json_valid(text) THEN ${firstOf(...lists.map((name) => `CASE WHEN json_type(text, '/${name}') = 'ARRAY' THEN json_extract(text, '/${name}') END`))} END AS list
    FROM ${lines})
  SELECT line, CAST(json_extract(list, '/' || i) AS VARCHAR) AS text
    FROM (SELECT line, list, unnest(range(CAST(json_array_length(list) AS BIGINT))) AS i FROM told WHERE list IS NOT NULL)
  UNION ALL
  SELECT line, CASE WHEN list IS NULL THEN text ELSE '{}' END FROM told WHERE list IS NULL OR json_array_length(list) = 0`

/** SQL: a count without the commas between its thousands. */
const count = (sql: string): string =>
  `CASE WHEN regexp_full_match(trim(${sql}), '\\d{1,3}(,\\d{3})+') THEN replace(trim(${sql}), ',', '') ELSE nullif(trim(${sql}), '') END`

/** SQL: NULL where a cell says in words that no money is stated. */
const amount = (sql: string): string =>
  `CASE WHEN lower(trim(${sql})) NOT IN ('', '-', '–', '—', 'included', 'free', 'n/a', 'none') THEN trim(${sql}) END`

/** SQL: what an error is called; NULL for calls that went well. */
const failure = (kind: string): string =>
  `CASE WHEN regexp_matches(${kind}, '(?i)^errored|_ERRORED') THEN ${kind} END`

const common = {
  cacheTokens: 'excluded',
  cacheTokensCertain: true,
  // An export in another layout, or a page, tells of the same requests.
  sameBy: [
    'ts',
    'request_model',
    'input_tokens',
    'cache_read_input_tokens',
    'cache_creation_input_tokens',
    'output_tokens',
  ],
} as const satisfies Partial<ReadPlan>

function planOfTable(survey: Survey): ReadPlan {
  const doc = Document.for(survey)
  const cell = (name: string): string => doc.text(name)
  const kind = cell('Kind')
  const [input, written, read, output] = [columns.plain, columns.written, columns.read, columns.output].map(
    (name) => count(cell(name)),
  )
  return {
    ...common,
    document: doc,
    totalTokens: count(cell(columns.total)),
    moneyFree: [
      { path: ['Cost to you'], reason: 'what a plan leaves to pay of the cost' },
      { path: ['Requests'], reason: 'requests of a plan, which have no price' },
    ],
    fields: {
      ts: cell('Date'),
      user_id: firstOf(cell('User'), cell('User Email'))!,
      request_model: cell('Model'),
      operation: `'chat'`,
      session_id: cell('Cloud Agent ID'),
      input_tokens: input!,
      cache_read_input_tokens: read!,
      cache_creation_input_tokens: written!,
      output_tokens: output!,
      reported_cost_usd: firstOf(amount(cell('Cost')), amount(cell('Cost to you')))!,
      error: failure(kind),
    },
    tags: tagsOf({
      kind: `nullif(trim(${kind}), '')`,
      max_mode: `CASE WHEN lower(${cell('Max Mode')}) IN ('yes', 'true') THEN 'yes' END`,
      automation: `nullif(trim(${cell('Automation ID')}), '')`,
      plan_units: `nullif(trim(${cell('Requests')}), '')`,
    }),
  }
}

function planOfEvents(): ReadPlan {
  const doc = new Document()
  const usage = (key: string): string => doc.text('tokenUsage', key)
  const cents = (sql: string): string => `TRY_CAST(${sql} AS DECIMAL(24, 10))`
  const charged = doc.text('chargedCents')
  const [tokens, fee] = [usage('totalCents'), doc.text('cursorTokenFee')]
  const kind = firstOf(doc.text('kind'), doc.text('kindLabel'))!
  const dollars = (sql: string): string => `CAST(${sql} * 0.01 AS VARCHAR)`
  return {
    ...common,
    document: doc,
    isCall: `${doc.text('timestamp')} IS NOT NULL`,
    uses: [charged, tokens, fee],
    addedUp: ['reported_cost_usd'],
    moneyFree: [{ path: ['requestsCosts'], reason: 'requests of a plan, which have no price' }],
    fields: {
      ts: doc.text('timestamp'),
      user_id: firstOf(doc.text('userEmail'), doc.text('userId'))!,
      request_model: doc.text('model'),
      operation: `'chat'`,
      session_id: firstOf(doc.text('cloudAgentId'), doc.text('conversationId'))!,
      input_tokens: usage('inputTokens'),
      cache_read_input_tokens: usage('cacheReadTokens'),
      cache_creation_input_tokens: usage('cacheWriteTokens'),
      output_tokens: usage('outputTokens'),
      // What a plan includes is charged with 0, which is no amount.
      reported_cost_usd: `CASE WHEN ${charged} IS NOT NULL AND ${cents(charged)} IS NULL THEN ${charged}
        WHEN ${cents(charged)} > 0 THEN ${dollars(cents(charged))} WHEN ${charged} IS NOT NULL OR ${doc.text('isChargeable')} = 'false' THEN NULL
        WHEN ${tokens} IS NOT NULL AND ${cents(tokens)} IS NULL THEN ${tokens}
        WHEN ${cents(tokens)} > 0 THEN ${dollars(`(${cents(tokens)} + coalesce(${cents(fee)}, 0))`)} END`,
      error: failure(kind),
    },
    tags: tagsOf({
      kind: `lower(regexp_replace(${kind}, '^USAGE_EVENT_KIND_', ''))`,
      max_mode: `CASE WHEN ${doc.text('maxMode')} = 'true' THEN 'yes' END`,
      plan_units: doc.text('requestsCosts'),
    }),
  }
}

/**
 * Cursor's usage, as its dashboard exports it and its interfaces answer. The four counts are apart from each
 * other: "w/ Cache Write" is what was written to the cache, "w/o" the plain input. A row is a request, also
 * where it equals another.
 */
export const cursor: Importer = {
  id: 'cursor',
  writer: 'agent',
  about: "Cursor's usage: the dashboard's CSV in all its layouts, pages of the usage interface",
  example: 'cursor.com/dashboard → Usage → Export CSV',
  recognisedBy: 'columns `Input (w/ Cache Write)` and `Cache Read`, or events with `tokenUsage`',
  lacks: 'an id; a cost where a plan includes it; latency',
  detects: ({ kind, records, header }) =>
    kind === 'csv'
      ? header.includes(columns.written) && header.includes(columns.read)
      : records.some((r) => isPage(r) || isEvent(r)),
  records,
  plan: (survey) => (survey.sample.kind === 'csv' ? planOfTable(survey) : planOfEvents()),
}
