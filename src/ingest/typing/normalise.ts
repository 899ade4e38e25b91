/**
 * The SELECT that turns the records of a source into checked, typed calls: one row a record, in file
 * order, with `state` call, skip or reject. Built from an importer's plan; all importers share it.
 */
import { callFields, usageFields, type CallField } from '../../domain/call.js'
import { type ReadPlan } from '../../importers/importer.js'
import { plainNumber } from './amounts.js'
import * as casts from './casts.js'
import { select, type Columns } from './columns.js'
import { givesIds, type ReadOptions } from '../options.js'
import { inWords, printedWords } from '../files/printed.js'
import { cacheShape } from './cache-shape.js'
import { ruledSql } from './ruled.js'
import { asksCacheReading } from './token-rules.js'
import { limits, measures, typedColumns } from './typed-columns.js'
import { checkedColumns, spanColumns } from './verdicts.js'
import { withWords } from './words.js'
import { quoteText } from '../../domain/words/quoting.js'

/** A relation with the columns of a source: `text` for JSON lines, `c0 … cN` for CSV. */
export interface SourceRelation {
  readonly sql: string
  readonly kind: 'json' | 'csv'
  /** The records were made of lines: each has its `place`, the number of its line among all that are staged. */
  readonly hasPlaces?: true
  /** CSV column names, in order. */
  readonly header: readonly string[]
}

/**
 * @param plan the importer's plan for this source
 * @param allRecords true when every line is known to be a JSON object: it need not be asked again
 * @param keepsText texts of rejected records are kept
 * @returns SQL, one row a record, and which of `stagedColumns` it answers with
 */
export function normaliseSql(
  source: SourceRelation,
  plan: ReadPlan,
  options: ReadOptions,
  now: Date,
  allRecords = false,
  keepsText = false,
): { readonly sql: string; readonly columns: readonly string[] } {
  const raw = rawFields(source, plan, options)
  const has = (field: CallField): boolean => raw.has(field)
  // The columns of CSV go along, so that only records without an id and rejected ones are put together.
  const carried = source.kind === 'csv' ? source.header.map((_, i) => `c${i}`) : []
  const place: Columns = source.hasPlaces ? [['place', 'place']] : []
  const along: Columns = [...carried.map((name): [string, string] => [name, name]), ...place]
  const content = source.kind === 'csv' ? csvText(carried) : 'text'
  const read: Columns = [...raw].map(([field, sql]) => [`raw_${field}`, sql])
  const names = inColumns(unread(plan), read)
  // Columns of their own cost every row; long plans cost seconds before the first.
  const readFirst = unread(plan).length - names.length > mostRepeated
  const document = documentSql(source, plan, allRecords)
  const fields = select(
    [
      ['text', 'text'],
      ['skip', skipped(plan)],
      ['refusal', refusal(source, plan)],
      ...(readFirst ? read.map(([name]): [string, string] => [name, name]) : read),
      ['tags', tagsSql(source, plan, options) ?? 'CAST(NULL AS MAP(VARCHAR, VARCHAR))'],
      ...sourceOf(plan, plan.source ?? ''),
      ...modelOf(plan, plan.model ?? ''),
      ['revision_id', plan.revisionId ?? 'CAST(NULL AS VARCHAR)'],
      ...requestsOf(plan, requestIds(plan.requestIds)),
      ['id_kind', idKind(plan, options)],
      [
        'total_tokens',
        plan.totalTokens === undefined ? 'CAST(NULL AS BIGINT)' : casts.wholeTotal(plan.totalTokens),
      ],
      ['tool_tokens', plan.toolTokens === undefined ? 'CAST(NULL AS BIGINT)' : casts.whole(plan.toolTokens)],
      ...(asksCacheReading(plan, options, has)
        ? [['cache_shape', cacheShape(raw, plan, options)] as [string, string]]
        : []),
      ['cache_beside', plan.cacheTokensBeside ?? 'false'],
      ...cacheOpen(plan, plan.cacheTokensOpen),
      ...(plan.costParts ?? []).map((sql, i): [string, string] => [`cost_part_${i}`, sql]),
      ['unread_usage', readFirst ? names : unread(plan)],
      ...(plan.spans === undefined
        ? []
        : ([
            ['parent_span', plan.spans.parent],
            ['span_ids', plan.spans.own],
          ] as Columns)),
      ...along,
    ],
    readFirst ? `(${select([['*', '*'], ...read], document)})` : document,
  )
  const typed = select(
    [
      ...passed,
      ...(asksCacheReading(plan, options, has) ? [['cache_shape', 'cache_shape'] as [string, string]] : []),
      ...cacheOpen(plan),
      ...spansOf(plan),
      ...requestsOf(plan),
      ...sourceOf(plan),
      ...modelOf(plan),
      ...along,
      ...typedColumns(raw, options, plan),
    ],
    `(${fields})`,
  )
  const ruled = ruledSql(typed, plan, options, has)
  const staged: Columns = [
    ...sourceOf(plan),
    ...spansOf(plan),
    ...place,
    ...checkedColumns(plan, options, has, now, content, keepsText),
  ]
  const columns = staged.map(([name]) => name)
  return { sql: withWords(columns, select(staged, `(${ruled})`)), columns }
}

/**
 * The same SQL, with the columns that hold some of its expressions in their place: what a plan takes a field from
 * may be long, and what is not read is compared with it place by place.
 */
function inColumns(sql: string, columns: Columns): string {
  const whole = columns.filter(([, expression]) => isOneTerm(expression))
  const longestFirst = whole.toSorted(([, a], [, b]) => b.length - a.length)
  return longestFirst.reduce((text, [name, expression]) => text.replaceAll(expression, name), sql)
}

/**
 * True for SQL that is one call or one CASE: wherever it stands, it is one value. The text of a bare address may
 * be the beginning of another, and that of a sum be torn by what stands before it.
 */
function isOneTerm(sql: string): boolean {
  let depth = 0
  let ends = 0
  for (const { 0: token, index } of sql.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|[([]|[)\]]|\w+/g)) {
    if (/^(?:[([]|CASE)$/.test(token)) depth += 1
    else if (
      /^(?:[)\]]|END)$/.test(token) &&
      --depth === 0 &&
      ends++ === 0 &&
      index + token.length < sql.length
    )
      return false
  }
  return ends === 1 && /^(?:\w+\(|CASE\b)/.test(sql)
}

/** The records' fields as texts, `raw_<field>`, with `skip`; and which fields there are. */
export function rawSql(
  source: SourceRelation,
  plan: ReadPlan,
  options: ReadOptions,
): { readonly sql: string; readonly fields: ReadonlySet<string> } {
  const raw = rawFields(source, plan, options)
  const columns: Columns = [
    ['skip', skipped(plan)],
    ...[...raw].map(([field, sql]): [string, string] => [`raw_${field}`, sql]),
  ]
  return { sql: select(columns, documentSql(source, plan, false)), fields: new Set(raw.keys()) }
}

/** Characters of SQL that may be said again in one plan. */
const mostRepeated = 20_000

/** SQL for the names of what a record says and is not read, also of one that may be a call of another log. */
function unread({ unread: names, isCall, othersAreNoCalls, linesInWords }: ReadPlan): string {
  const ofCalls =
    othersAreNoCalls && names !== undefined && isCall !== undefined
      ? `CASE WHEN (${isCall}) IS TRUE THEN ${names} END`
      : (names ?? 'CAST(NULL AS VARCHAR)')
  return linesInWords ? `CASE WHEN ${isInWords} THEN ${quoteText(inWords)} ELSE ${ofCalls} END` : ofCalls
}

/** SQL: true for a line of another program's log that tells tokens or a cost in words. */
const isInWords = `coalesce(text = chr(31) || ${quoteText(inWords)}, false)`

/** SQL: true for records that are no calls. */
const skipped = (plan: ReadPlan): string =>
  plan.isCall === undefined ? 'not_a_record' : `(not_a_record OR (${plan.isCall}) IS NOT TRUE AND readable)`

/** Names in a trace, where the log has any. */
const spansOf = (plan: ReadPlan): Columns =>
  plan.spans === undefined ? [] : spanColumns.map((name) => [name, name])

/** The ids of the requests, where the source knows them beside the call's. */
const requestsOf = (plan: ReadPlan, sql = 'request_ids'): Columns =>
  plan.requestIds === undefined ? [] : [['request_ids', sql]]

/** SQL: ids as they are joined; NULL for what is no id. */
const requestIds = (sql = 'NULL'): string =>
  `CASE WHEN regexp_full_match(${sql}, '[A-Za-z0-9_.:-]{1,100}(?: [A-Za-z0-9_.:-]{1,100})*') THEN ${sql} END`

/** The record's own source, where it has one. */
const sourceOf = (plan: ReadPlan, sql = 'source'): Columns =>
  plan.source === undefined ? [] : [['source', sql]]

/** Whether the reading of a record's cached tokens is open, where that of others is not. */
const cacheOpen = (plan: ReadPlan, sql = 'cache_open'): Columns =>
  plan.cacheTokensOpen === undefined ? [] : [['cache_open', sql]]

/** The record's own word for what it is priced as, where it has one. */
const modelOf = (plan: ReadPlan, sql = 'said_model'): Columns =>
  plan.model === undefined ? [] : [['said_model', sql]]

const passed: Columns = [
  'text',
  'skip',
  'refusal',
  'tags',
  'revision_id',
  'id_kind',
  'total_tokens',
  'tool_tokens',
  'cache_beside',
].map((name) => [name, name])

/** What the id says. Who names the field of the id by `--map` says that it is the id of one call. */
const idKind = (plan: ReadPlan, options: ReadOptions): string =>
  plan.idKind === undefined || givesIds(options) ? 'CAST(NULL AS VARCHAR)' : plan.idKind

/** FROM item: the source's records with their documents parsed, addressed through `doc`. */
function documentSql(source: SourceRelation, plan: ReadPlan, allRecords: boolean): string {
  if (source.kind === 'csv') {
    const records = `SELECT CAST(NULL AS VARCHAR) AS text, reject IS NULL OR reject = '' AS readable, ${repeatedHeader(source.header)} AS not_a_record, * FROM (${source.sql})`
    return `(${withEmbedded(records, plan.document)}) `
  }
  // Nearly every line begins with its brace; trimming all would copy all.
  const own = source.hasPlaces ? 'place, text' : 'text'
  const texts = allRecords
    ? `SELECT ${own}, false AS not_a_record, true AS readable FROM (${source.sql})`
    : `SELECT ${own},
    CASE WHEN text IS NULL THEN true WHEN starts_with(text, '{') THEN false ELSE trim(text, chr(32) || chr(9)) = ''${plan.linesInWords ? ` OR ${isInWords}` : ''} END AS not_a_record,
    CASE WHEN text IS NULL THEN false WHEN starts_with(text, '{') THEN json_valid(text)
      ELSE json_valid(text) AND starts_with(ltrim(text, chr(32) || chr(9)), '{') END AS readable
    FROM (${source.sql})`
  const records = parsed(texts, allRecords ? 'true' : 'readable', 'text', plan.document, 'doc')
  return `(${withEmbedded(records, plan.document)})`
}

/** The records, with a column for each value of a document that is parsed of their column `text`. */
function parsed(
  records: string,
  condition: string,
  text: string,
  document: ReadPlan['document'],
  name: string,
): string {
  // Lines without a single key, such as the unfinished last one of a file that grew, have no structure.
  if (Object.keys(document.structure).length === 0) return records
  const structure = quoteText(JSON.stringify(document.structure))
  const whole = `SELECT *, CASE WHEN ${condition} THEN json_transform(${text}, ${structure}) END AS ${name} FROM (${records})`
  return document.unfolding.reduce((inner, level) => `SELECT *, ${level.join(', ')} FROM (${inner})`, whole)
}

function withEmbedded(records: string, document: ReadPlan['document']): string {
  let sql = records
  for (const part of document.embeddedDocuments) {
    const records = `SELECT *, ${part.text} AS ${part.column} FROM (${sql})`
    sql = withEmbedded(
      parsed(records, `json_valid(${part.column})`, part.column, part.document, part.name),
      part.document,
    )
  }
  return sql
}

/** A CSV record's content in one text, for its hash: absent and empty are one, as in the file. */
function csvText(columns: readonly string[]): string {
  return `concat_ws(chr(31), ${columns.map((name) => `coalesce(${name}, '')`).join(', ')})`
}

function repeatedHeader(header: readonly string[]): string {
  return `coalesce(${header.map((name, i) => `c${i} = ${quoteText(name)}`).join(' AND ')}, false)`
}

function rawFields(source: SourceRelation, plan: ReadPlan, options: ReadOptions): Map<string, string> {
  const raw = new Map<string, string>()
  for (const field of callFields) {
    const path = options.map[field]
    const value = options.set[field]
    const from = path === undefined ? plan.fields[field] : pathSql(path, source)
    if (from === undefined && value === undefined) continue
    raw.set(
      field,
      value === undefined
        ? from!
        : from === undefined
          ? quoteText(value)
          : `coalesce(nullif(${from}, ''), ${quoteText(value)})`,
    )
  }
  // In costs the mark may stand between a currency and its unit; they are looked at whole.
  if (options.decimal !== undefined)
    for (const field of [...usageFields, ...measured])
      if (raw.has(field)) raw.set(field, inPlainDigits(raw.get(field)!, options.decimal))
  const cost = raw.get('reported_cost_usd')
  if (cost !== undefined) raw.set('reported_cost_usd', inGivenCurrency(cost, source, options))
  return raw
}

/** Numbers beside the usage that people write as they write all others. */
const measured = [...Object.keys(measures), ...limits] as readonly CallField[]

/** SQL for a number's text with a decimal point and without grouped thousands; what is no such number stays. */
const inPlainDigits = (raw: string, decimal: '.' | ','): string =>
  `CASE WHEN regexp_full_match(${raw}, '[0-9]+') THEN ${raw} ELSE coalesce(${plainNumber(`trim(${raw})`, decimal)}, ${raw}) END`

/** SQL for a cost with the currency behind it that `--map currency=…` or `--set currency=…` says. */
function inGivenCurrency(cost: string, source: SourceRelation, options: ReadOptions): string {
  const path = options.map['currency']
  const value = options.set['currency']
  if (path === undefined && value === undefined) return cost
  const from = path === undefined ? 'NULL' : `nullif(${pathSql(path, source)}, '')`
  const currency = value === undefined ? from : `coalesce(${from}, ${quoteText(value)})`
  return `CASE WHEN ${currency} IS NULL THEN ${cost} ELSE nullif(${cost}, '') || ' ' || ${currency} END`
}

/** The plan's tags, with those that `--map tag.x=…` and `--set tag.x=…` give. */
function tagsSql(source: SourceRelation, plan: ReadPlan, options: ReadOptions): string | undefined {
  const names = [...Object.keys(options.map), ...Object.keys(options.set)].filter((name) =>
    name.startsWith('tag.'),
  )
  if (names.length === 0) return plan.tags
  const pairs = [...new Set(names)].map((name) => {
    const path = options.map[name]
    const value = options.set[name]
    const given = [
      path === undefined ? undefined : `left(${pathSql(path, source)}, 200)`,
      value === undefined ? undefined : quoteText(value),
    ]
    return `{'key': ${quoteText(name.slice(4))}, 'value': coalesce(${given.filter((g) => g !== undefined).join(', ')})}`
  })
  const given = `list_filter([${pairs.join(', ')}], lambda t: t.value <> '')`
  const own = `CASE WHEN len(${given}) > 0 THEN map_from_entries(${given}) END`
  // Of equal keys in map_concat the last counts: what was asked for.
  return plan.tags === undefined
    ? own
    : `CASE WHEN len(${given}) = 0 THEN ${plan.tags} ELSE map_concat(coalesce(${plan.tags}, MAP {}), ${own}) END`
}

/** SQL for a `--map` path: a column or key of that very name, else dots reach inwards. */
function pathSql(path: string, source: SourceRelation): string {
  const pointer = (keys: readonly string[]): string =>
    quoteText('/' + keys.map((k) => k.replaceAll('~', '~0').replaceAll('/', '~1')).join('/'))
  const steps = path.split('.')
  if (source.kind === 'json') {
    const inward = `json_extract_string(text, ${pointer(steps)})`
    const flat = `json_extract_string(text, ${pointer([path])})`
    return `CASE WHEN readable THEN ${steps.length > 1 ? `coalesce(${flat}, ${inward})` : flat} END`
  }
  const column = (name: string): number =>
    source.header.findIndex((h) => h.trim().toLowerCase() === name.toLowerCase())
  if (column(path) >= 0) return `c${column(path)}`
  const index = column(steps[0]!)
  if (index < 0) return 'CAST(NULL AS VARCHAR)'
  return `CASE WHEN json_valid(c${index}) THEN json_extract_string(c${index}, ${pointer(steps.slice(1))}) END`
}

function refusal(source: SourceRelation, plan: ReadPlan): string {
  const cases = (plan.refusals ?? []).map((r) => `WHEN ${r.when} THEN ${quoteText(r.reason)}`)
  if (source.kind === 'csv') return `CASE WHEN NOT readable THEN reject ${cases.join(' ')} END`
  return `CASE WHEN NOT readable THEN CASE WHEN starts_with(text, chr(31) || 'reject:') THEN substr(text, 9)
      WHEN json_valid(text) THEN 'not a JSON object' WHEN regexp_matches(text, '^\\s*\\{\\s*''') THEN ${quoteText(printedWords.dict.reason)} ELSE 'not JSON' END ${cases.join(' ')} END`
}
