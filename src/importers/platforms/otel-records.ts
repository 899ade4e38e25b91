/**
 * Records of OTLP's requests: each span and each log record becomes one, with its short attributes as keys of
 * their own; what people and models wrote stays behind.
 */
import { quoteText } from '../../domain/words/quoting.js'
import { callIdPrefixes } from '../call-ids.js'
import { contentPattern, harmlessPattern } from '../records/content-names.js'
import { labelled, longest, machinery, ofModels, onMoney, worded } from './otel-kept.js'
import { addedShape, addedTexts, answerTexts, askedTexts, knownNames, usageTexts } from './otel-names.js'

/** Keys of the requests as protobuf names them, and as JSON does. */
const snakeKeys: Readonly<Record<string, string>> = {
  resource_spans: 'resourceSpans',
  resource_logs: 'resourceLogs',
  scope_spans: 'scopeSpans',
  scope_logs: 'scopeLogs',
  instrumentation_library_spans: 'scopeSpans',
  instrumentationLibrarySpans: 'scopeSpans',
  instrumentation_library_logs: 'scopeLogs',
  instrumentationLibraryLogs: 'scopeLogs',
  log_records: 'logRecords',
  trace_id: 'traceId',
  span_id: 'spanId',
  parent_span_id: 'parentSpanId',
  start_time_unix_nano: 'startTimeUnixNano',
  end_time_unix_nano: 'endTimeUnixNano',
  time_unix_nano: 'timeUnixNano',
  observed_time_unix_nano: 'observedTimeUnixNano',
  event_name: 'eventName',
  string_value: 'stringValue',
  int_value: 'intValue',
  double_value: 'doubleValue',
  bool_value: 'boolValue',
  array_value: 'arrayValue',
  kvlist_value: 'kvlistValue',
}

const value = {
  stringValue: 'VARCHAR',
  intValue: 'VARCHAR',
  doubleValue: 'VARCHAR',
  boolValue: 'VARCHAR',
  arrayValue: { values: [{ stringValue: 'VARCHAR' }] },
  kvlistValue: 'VARCHAR',
}
const attributes = [{ key: 'VARCHAR', value }]
const spanShape = quoteText(JSON.stringify({
  traceId: 'VARCHAR',
  spanId: 'VARCHAR',
  parentSpanId: 'VARCHAR',
  name: 'VARCHAR',
  startTimeUnixNano: 'VARCHAR',
  endTimeUnixNano: 'VARCHAR',
  timeUnixNano: 'VARCHAR',
  observedTimeUnixNano: 'VARCHAR',
  eventName: 'VARCHAR',
  body: { stringValue: 'VARCHAR' },
  status: { code: 'VARCHAR', message: 'VARCHAR' },
  attributes,
  events: [{ name: 'VARCHAR', timeUnixNano: 'VARCHAR', attributes: [{ key: 'VARCHAR', value: { stringValue: 'VARCHAR' } }] }],
})) // prettier-ignore

/** Spans stay texts until each stands in a row of its own: the engine would look at all of a line's for each of them. */
const requestShape = quoteText(
  JSON.stringify({
    resourceSpans: [{ resource: 'JSON', scopeSpans: [{ scope: { name: 'VARCHAR' }, spans: ['JSON'] }] }],
  }),
)

/** SQL for the records of lines; see `Importer.records`. */
export function otelRecords(lines: string): string {
  const asked = `SELECT line, text, CASE WHEN starts_with(text, '{"resource') OR ${holdsAny('text', [...keysOf('spans'), ...keysOf('logs')])} THEN json_valid(text) ELSE false END AS is_request FROM ${lines}`
  const requests = `SELECT line, CASE WHEN is_request THEN NULL ELSE ${otherLine('text')} END AS raw, unnest(CASE WHEN is_request THEN ${requestsIn('text')} ELSE [NULL] END) AS request FROM (${asked})`
  const read = `SELECT line, raw, json_transform(request, ${requestShape}) AS d FROM (${requests})`
  // Of an empty list there is one row, so that its line has a record.
  const resources = `SELECT line, raw, unnest(${someOf('d.resourceSpans')}) AS r FROM (${read})`
  const parted = `SELECT line, raw, r.scopeSpans AS scopes, json_transform(r.resource, ${quoteText(JSON.stringify({ attributes }))}) AS resource FROM (${resources})`
  const scopes = `SELECT line, raw, ${pairs('resource.attributes', false)} AS resource, unnest(${someOf('scopes')}) AS s FROM (${parted})`
  const items = `SELECT line, raw, resource, s.scope.name AS scope, unnest(${someOf('s.spans')}) AS item FROM (${scopes})`
  const typed = `SELECT line, raw, resource, scope, json_transform(item, ${spanShape}) AS span FROM (${items})`
  const told = `SELECT *, span.eventName IS NOT NULL OR span.body.stringValue IS NOT NULL OR len(list_filter(span.attributes, lambda a: regexp_matches(a.key, ${quoteText(ofModels)}))) > 0 AS of_models FROM (${typed})`
  // Outside of a CASE: in one, the engine would copy all lists of a batch for each of its branches.
  const chosen = `SELECT * EXCLUDE (span), span IS NULL AS is_none, ${own} AS own, CASE WHEN of_models THEN span.attributes END AS attributes FROM (${told})`
  const kept = `SELECT * EXCLUDE (attributes), ${pairs('attributes', true)} AS members FROM (${chosen})`
  return `SELECT line, CASE WHEN is_none THEN coalesce(raw, '{"otlp":{}}') WHEN of_models THEN ${record} ELSE ${others} END AS text FROM (${kept})`
}

/** SQL for a line that is no request: a gateway's own is a record, of others it is kept what they are, not what they say. */
const otherLine = (text: string): string =>
  `CASE WHEN ${text} IS NULL OR strlen(${text}) <= 300 OR contains(${text}, '"gen_ai.') OR trim(${text}) = '' THEN ${text}
    WHEN NOT json_valid(${text}) THEN '{' WHEN starts_with(ltrim(${text}), '{') THEN '{"otlp":{}}' ELSE '[]' END`

/** Keys by which a request of spans, or of log records, is known. */
const keysOf = (kind: 'spans' | 'logs'): string[] =>
  kind === 'spans' ? ['resourceSpans', 'resource_spans'] : ['resourceLogs', 'resource_logs']

const holdsAny = (text: string, keys: readonly string[]): string =>
  `(${keys.map((key) => `contains(${text}, '"${key}"')`).join(' OR ')})`

/** SQL for the requests in a line, one of spans, one of log records or both, all in the words of those of spans. */
function requestsIn(text: string): string {
  const logs = renamed(renamed(inCamelCase(text), { resourceSpans: 'others' }), asSpans)
  // Most begin like this, and each look through a long line costs as much as reading it.
  return `CASE WHEN starts_with(${text}, '{"resourceSpans":') AND contains(left(${text}, 20000), '"scopeSpans"') AND NOT contains(${text}, '"resourceLogs"') THEN [${text}] WHEN ${holdsAny(text, keysOf('logs'))} THEN CASE WHEN ${holdsAny(text, keysOf('spans'))} THEN [${inCamelCase(text)}, ${logs}] ELSE [${logs}] END ELSE [${inCamelCase(text)}] END`
}

const asSpans = { resourceLogs: 'resourceSpans', scopeLogs: 'scopeSpans', logRecords: 'spans' }

/** SQL for a JSON text with other keys; in a text inside it, quotation marks stand escaped and no key is met. */
const renamed = (text: string, keys: Readonly<Record<string, string>>): string =>
  Object.entries(keys).reduce((sql, [from, to]) => `replace(${sql}, '"${from}"', '"${to}"')`, text)

/** SQL: a list that is not empty, if by a NULL. */
const someOf = (list: string): string => `CASE WHEN len(${list}) > 0 THEN ${list} ELSE [NULL] END`

/** SQL for a request with the keys of JSON, where it has those of protobuf. */
const inCamelCase = (text: string): string =>
  `CASE WHEN ${holdsAny(text, ['resource_spans', 'resource_logs', 'scope_spans', 'scope_logs', 'string_value', 'instrumentationLibrarySpans', 'instrumentationLibraryLogs'])} THEN ${renamed(text, snakeKeys)} ELSE ${text} END`

/** SQL for the text of an attribute's value; a list is one of JSON. */
const textOf = (a: string): string =>
  `coalesce(${a}.value.stringValue, ${a}.value.intValue, ${a}.value.doubleValue, ${a}.value.boolValue, CASE WHEN ${a}.value.arrayValue.values IS NOT NULL THEN CAST(to_json(list_transform(${a}.value.arrayValue.values, lambda v: v.stringValue)) AS VARCHAR) END, ${a}.value.kvlistValue)`

/**
 * SQL: true for an attribute that a record keeps: what a plan may read, what may bear on money, and short labels.
 * One pattern of all names is quicker than a list of them, and a CASE than AND, which asks for all.
 */
function isKept(a: string, ofSpans: boolean): string {
  const key = `${a}.key`
  const text = `coalesce(${a}.value.stringValue, '')`
  const matches = (pattern: string): string => `regexp_matches(${key}, ${quoteText(pattern)})`
  const isNamed = (list: readonly string[]): string => `regexp_full_match(${key}, ${quoteText(oneOf(list))})`
  const isFigure = `(${text} = '' OR TRY_CAST(${text} AS DOUBLE) IS NOT NULL OR strlen(${text}) <= ${longest.word} AND ${matches(worded)})`
  const isLabel = `CASE WHEN strlen(${text}) > ${longest.label} OR strlen(${key}) > ${longest.key} THEN false
    WHEN ${matches(machinery)} THEN ${matches(labelled)}
    WHEN ${isContent(key)} THEN ${matches(harmlessPattern)} ELSE true END`
  const isMoney = ofSpans ? `WHEN ${matches(onMoney)} AND ${isFigure} THEN true ` : ''
  const isLongUsage = ofSpans ? `strlen(${text}) <= ${longest.json} AND ${isNamed(usageTexts)}` : 'false'
  return `CASE WHEN strlen(${text}) > ${longest.value} THEN ${isLongUsage} WHEN ${isNamed(knownNames)} THEN true ${isMoney}ELSE ${isLabel} END`
}

/** SQL: true for a name that may be of a text, also where words are told apart by capitals alone. */
const isContent = (key: string): string =>
  String.raw`regexp_matches(CASE WHEN regexp_matches(${key}, '[a-z][A-Z]') THEN regexp_replace(${key}, '([a-z])([A-Z])', '\1 \2', 'g') ELSE ${key} END, ${quoteText(contentPattern)})`

/** A pattern of names as they stand. */
const oneOf = (list: readonly string[]): string =>
  list.map((name) => name.replaceAll('.', String.raw`\.`)).join('|')

/** SQL for the members of a JSON object of the attributes that are kept. */
const pairs = (list: string, ofSpans: boolean): string =>
  `array_to_string(list_transform(list_filter(${list}, lambda a: a.key IS NOT NULL AND a.key <> 'otlp' AND a.key <> 'resource' AND ${isKept('a', ofSpans)}), lambda a: CAST(to_json(a.key) AS VARCHAR) || ':' || coalesce(CAST(to_json(${textOf('a')}) AS VARCHAR), 'null')), ',')`

/** SQL for an id in lower hexadecimal digits; some writers give it in base64. Of zeros alone it is none. */
const idOf = (id: string): string =>
  `CASE WHEN ${id} IS NULL OR ${id} = '' OR regexp_full_match(${id}, '0+') THEN NULL WHEN regexp_full_match(${id}, '[A-Za-z0-9+/]{22}==|[A-Za-z0-9+/]{11}=') THEN lower(hex(from_base64(${id}))) ELSE lower(${id}) END`

/** SQL for what the request asked for, out of its parameters as JSON: of their texts none. */
const asked = `CASE WHEN len(${textsOf(askedTexts)}) > 0 THEN json_transform(${jsonOf(askedTexts)}, '{"model":"VARCHAR","max_tokens":"VARCHAR","max_completion_tokens":"VARCHAR","max_output_tokens":"VARCHAR","temperature":"VARCHAR","service_tier":"VARCHAR"}') END`

/** SQL for what a provider said of counts beside the answer, out of JSON. */
const added = `CASE WHEN len(${textsOf(addedTexts)}) > 0 THEN json_transform(${jsonOf(addedTexts)}, ${quoteText(JSON.stringify(addedShape))}) END`

/** SQL for the texts of some attributes. */
function textsOf(names: readonly string[]): string {
  return `list_transform(list_filter(span.attributes, lambda a: regexp_full_match(a.key, ${quoteText(oneOf(names))})), lambda a: a.value.stringValue)`
}

/** SQL for the first of them, where it is JSON. */
function jsonOf(names: readonly string[]): string {
  return `CASE WHEN json_valid(${textsOf(names)}[1]) THEN ${textsOf(names)}[1] END`
}

/**
 * SQL for the provider's id of the call, where the answer as JSON begins with it: another instrumentation may tell
 * the same call beside, and only by this id are they one.
 */
const answerId = `nullif(regexp_extract(left(list_filter(span.attributes, lambda a: regexp_full_match(a.key, ${quoteText(oneOf(answerTexts))}))[1].value.stringValue, 200), ${quoteText(`^\\s*\\{\\s*"id"\\s*:\\s*"((?:${callIdPrefixes.join('|')})[A-Za-z0-9_-]+)"`)}, 1), '')`

/** SQL of an attribute of the event at which an exception is told. */
const exceptionType = `list_filter(flatten(list_transform(list_filter(span.events, lambda e: e.name = 'exception'), lambda e: e.attributes)), lambda a: a.key = 'exception.type')[1].value.stringValue`

/** Events at which the first part of an answer came. */
const firstPart = `list_filter(span.events, lambda e: regexp_matches(e.name, '(?i)^first token|first_token|first.chunk'))[1].timeUnixNano`

/** An event's name, where the body is one. */
const eventName = `coalesce(span.eventName, CASE WHEN regexp_full_match(span.body.stringValue, '[A-Za-z_.-]{1,80}') THEN span.body.stringValue END)`

const own = `{'trace': ${idOf('span.traceId')}, 'span': ${idOf('span.spanId')}, 'parent': ${idOf('span.parentSpanId')}, 'name': left(span.name, 200),
  'start': span.startTimeUnixNano, 'end': span.endTimeUnixNano, 'time': coalesce(nullif(nullif(span.timeUnixNano, '0'), ''), span.observedTimeUnixNano), 'event': ${eventName},
  'status': span.status.code, 'message': left(span.status.message, 200), 'exception': left(${exceptionType}, 200), 'first': ${firstPart}, 'scope': scope, 'asked': ${asked}, 'added': ${added}, 'answer': ${answerId}}`

/** SQL for the record of a span or event that may be a call: its own keys stand in `otlp`, its attributes beside. */
const record = `'{"otlp":' || CAST(to_json(own) AS VARCHAR) || ',"resource":{' || coalesce(resource, '') || '}' || coalesce(nullif(',' || members, ','), '') || '}'`

/** SQL for the record of another span: what it tells of the way from a call to those above it. */
const others = `'{"otlp":' || CAST(to_json({'start': own.start, 'trace': own.trace, 'span': own.span, 'parent': own.parent}) AS VARCHAR) || '}'`
