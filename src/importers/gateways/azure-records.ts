/** SQL that makes the records of Azure Monitor's logs: rows of tables that its query interface answers with, and lines of exports. */
import { isObject } from '../sample-values.js'
import { standsForItself } from '../made-records.js'

type Values = Readonly<Record<string, unknown>>

/** Columns of the table, as Log Analytics names them; exports to storage begin them with small letters. */
const columns = [
  'CorrelationId', 'RequestId', 'SequenceNumber', 'PromptTokens', 'CompletionTokens', 'TotalTokens',
  'PromptCachedTokens', 'ModelName', 'DeploymentName', 'IsStreamCompletion', 'OperationName', 'ApiVersion', 'Region',
  'TimeGenerated', 'Type', '_ResourceId',
] // prettier-ignore

/** A column as a row, an export to storage, the older table of all diagnostics and the portal's file spell it. */
export function spellings(name: string): readonly string[] {
  const small = name.charAt(0).toLowerCase() + name.slice(1)
  const suffixed = name === 'TimeGenerated' ? [`${name} [UTC]`] : ['s', 'd', 'b', 'g'].map((type) => `${small}_${type}`) // prettier-ignore
  return [name, small, ...suffixed]
}

/** What holds what people wrote and were answered. */
const messages = ['RequestMessages', 'ResponseMessages']

const isTable = (keys: readonly string[]): boolean => {
  const has = (name: string): boolean => spellings(name).some((one) => keys.includes(one))
  return (
    ['CorrelationId', 'PromptTokens', 'CompletionTokens', 'TimeGenerated'].every(has) &&
    ['SequenceNumber', 'DeploymentName', 'IsStreamCompletion'].some(has)
  )
}

/** True for a line of an export to storage or to an event hub. */
const isExported = (record: Values): boolean =>
  [record['category'], record['Category']].some((name) => String(name).endsWith('GatewayLlmLogs')) &&
  isObject(record['properties'] ?? record['Properties'])

const namesOf = (table: unknown): readonly string[] =>
  isObject(table) && Array.isArray(table['columns'])
    ? table['columns'].flatMap((one) =>
        isObject(one) && typeof one['name'] === 'string' ? [one['name']] : [],
      )
    : []

/** True for a row, an export's line, a list of those, or the answer to a query. */
export const isGatewayLog = (record: Values): boolean =>
  isTable(Object.keys(record)) ||
  isExported(record) ||
  (Array.isArray(record['records']) && record['records'].some((one) => isObject(one) && isExported(one))) ||
  (Array.isArray(record['tables']) && record['tables'].some((one) => isTable(namesOf(one))))

/** True for the header of a table; the portal says of a time that it is UTC. */
export const isGatewayTable = (header: readonly string[]): boolean => isTable(header)

/** SQL: a value under its name in a row or in what is exported; NULL for none. */
const value = (row: string, name: string): string =>
  `coalesce(${spellings(name)
    .flatMap((key) => [
      `json_extract(${row}, '/properties/${key}')`,
      `json_extract(${row}, '/Properties/${key}')`,
      `json_extract(${row}, '/${key}')`,
    ])
    .join(', ')})`

const read = (row: string): string => columns.map((name) => `'${name}', ${value(row, name)}`).join(', ')

const without = JSON.stringify(
  Object.fromEntries([...messages, ...columns].flatMap(spellings).map((name) => [name, null])),
)

/** SQL: the record of a row: its columns by one spelling, and what else it says, without messages. */
const record = (row: string): string => {
  const all = `json_merge_patch(${row}, coalesce(json_extract(${row}, '/properties'), json_extract(${row}, '/Properties'), '{}'))`
  const rest = `json_merge_patch(${all}, '{"properties":null,"Properties":null}', '${without}')`
  return `CAST(json_merge_patch(${rest}, json_object(${read(row)}, 'time', coalesce(json_extract(${row}, '/time'), json_extract(${row}, '/Time')),
    'category', coalesce(json_extract(${row}, '/category'), json_extract(${row}, '/Category')))) AS VARCHAR)`
}

/** SQL: a row of an answer's table, as an object of the columns that are known; what people wrote is none of them. */
const rowOf = (names: string, cells: string): string =>
  `json_object(${columns.map((name) => `'${name}', json_extract(${cells}, '/' || (list_position(${names}, '${name}') - 1))`).join(', ')})`

/** Each row of each table of an answer, each record of a list, and each line alone. */
export const azureRecords = (lines: string): string => `
  WITH told AS MATERIALIZED (
    SELECT *, coalesce(json_type(doc, '/tables') = 'ARRAY', false) AS is_answer, coalesce(json_type(doc, '/records') = 'ARRAY', false) AS is_list FROM (
      SELECT line, text, CASE WHEN coalesce(json_valid(text) AND starts_with(ltrim(text), '{'), false) THEN text END AS doc FROM ${lines})),
  tables AS (
    SELECT line, t, json_extract(doc, '/tables/' || t) AS one FROM (
      SELECT line, doc, unnest(range(CAST(json_array_length(doc, '/tables') AS BIGINT))) AS t FROM told WHERE is_answer)),
  answered AS (
    SELECT line, ${rowOf('names', 'cells')} AS one FROM (
      SELECT line, json_extract_string(one, '$.columns[*].name') AS names, json_extract(one, '/rows/' || r) AS cells FROM (
        SELECT line, one, unnest(range(CAST(coalesce(json_array_length(one, '/rows'), 0) AS BIGINT))) AS r FROM tables))),
  ones AS (
    SELECT line, one FROM answered
    UNION ALL
    SELECT line, json_extract(doc, '/records/' || i) FROM (
      SELECT line, doc, unnest(range(CAST(json_array_length(doc, '/records') AS BIGINT))) AS i FROM told WHERE is_list)
    UNION ALL
    SELECT line, CAST(doc AS JSON) FROM told WHERE doc IS NOT NULL AND NOT is_answer AND NOT is_list)
  SELECT line, CASE WHEN json_type(one) = 'OBJECT' THEN ${record('one')} ELSE '{}' END AS text FROM ones
  UNION ALL
  SELECT line, ${standsForItself('text')} FROM told WHERE doc IS NULL
  UNION ALL
  SELECT line, '{}' FROM told WHERE (is_answer OR is_list) AND line NOT IN (SELECT line FROM ones)`
