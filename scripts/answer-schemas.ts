/** The JSON Schema of each kind of answer, from what its report is and how its keys are named. */
import { columnKinds } from '../src/domain/column-kind.js'
import { moneyBases } from '../src/domain/costs/basis.js'
import { answerKinds, answerOf, type AnswerKind } from '../src/reports/answers.js'
import { schemaVersion } from '../src/reports/report.js'

type Schema = Readonly<Record<string, unknown>>

const texts: Schema = { type: 'array', items: { type: 'string' } }
const figure: Schema = { type: ['number', 'null'] }
const time: Schema = { type: ['string', 'null'], format: 'date-time' }

/** Names say what a figure is; so does the `kind` of its column. */
const row: Schema = {
  type: 'object',
  description: 'Values by the keys of the columns; null for what is absent.',
  patternProperties: {
    _usd$: {
      anyOf: [figure, { type: 'array', items: figure }],
      description: 'US dollars, in the exact digits of a decimal; several where the column is a series',
    },
    '_(rate|share)$': { ...figure, description: 'a part of all, 0–1' },
    _ms$: { ...figure, description: 'milliseconds' },
    '(^|_)calls$': { ...figure, description: 'a number of calls' },
    '(^|_)tokens$': { ...figure, description: 'a number of tokens' },
    '^(first|last)_ts$|^ts$': { ...time, description: 'ISO 8601, UTC' },
  },
}

const column: Schema = {
  type: 'object',
  properties: {
    key: { type: 'string' },
    title: { type: 'string', description: 'the heading for people' },
    kind: {
      anyOf: [{ enum: columnKinds }, { type: 'string', pattern: '^[a-z]{3}$' }],
      description: 'what it holds; money in another currency: the code of that, such as eur',
    },
    approximate: { const: true, description: 'read from sketches: within half a percent' },
  },
  required: ['key', 'title', 'kind'],
  additionalProperties: false,
}

/** Of an answer whose money is not the usual. */
const moneyKeys: Schema = {
  currency: { type: 'string', pattern: '^[A-Z]{3}$', description: 'what its money is in; absent: USD' },
  exchangeRates: {
    anyOf: [{ type: 'null' }, { type: 'object', properties: { least: figure, most: figure } }],
    description: 'the lowest and the highest rate for a dollar that its costs were converted at',
  },
  costBasis: { enum: moneyBases, description: 'what --cost counts as money; absent: list, else reported' },
  allocated: { const: true, description: 'shared cost is with cost centers, and monthly costs are added' },
}

const tableKeys: Schema = {
  columns: { type: 'array', items: column },
  rows: { type: 'array', items: row },
  totals: { anyOf: [{ type: 'null' }, row], description: 'of all rows, those left out included' },
  empty: { type: 'string', description: 'why there are no rows' },
  notes: { ...texts, description: 'doubts about these very numbers first' },
}

const finding: Schema = {
  type: 'object',
  description: 'What a person should look at.',
  properties: {
    kind: { type: 'string' },
    severity: { enum: ['info', 'warning', 'critical'] },
    dimension: { type: ['string', 'null'], description: 'what it is about; null for all calls' },
    text: { type: 'string', description: 'the sentence for people' },
  },
  required: ['kind', 'severity', 'dimension', 'value', 'measured', 'bound', 'text'],
}

const table = (further: Schema = {}): Schema => ({
  type: 'object',
  properties: { ...further, ...tableKeys },
  required: [...Object.keys(further), 'columns', 'rows', 'totals'],
  additionalProperties: false,
})

function schemaOf(kind: AnswerKind): Schema {
  const { command, data = {}, beside = [] } = answerOf(kind)
  const own = Object.fromEntries(Object.entries(data).map(([key, description]) => [key, { description }]))
  const tables = Object.fromEntries(beside.map((key) => [key, table({ title: { type: 'string' } })]))
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `The answer of ${['llmcost', command].join(' ').trim()}, as JSON`,
    type: 'object',
    properties: {
      schemaVersion: { const: schemaVersion },
      kind: { const: kind },
      period: {
        type: 'object',
        description: 'Half-open, [since, until); null where there is no end.',
        properties: { since: time, until: time, tz: { type: 'string' } },
        required: ['since', 'until', 'tz'],
        additionalProperties: false,
      },
      ...tableKeys,
      sections: {
        type: 'array',
        items: table({ id: { type: 'string' }, title: { type: 'string' } }),
        description: 'in the place of columns and rows, where an answer has several tables',
      },
      findings: { type: 'array', items: finding },
      ...moneyKeys,
      ...own,
      ...tables,
      warnings: { ...texts, description: 'doubts that touch the whole answer' },
    },
    required: ['schemaVersion', 'kind', 'period', 'warnings'],
    oneOf: [{ required: ['columns', 'rows', 'totals'] }, { required: ['sections'] }],
    additionalProperties: false,
  }
}

/** Texts by file name. */
export function answerSchemas(): Map<string, string> {
  return new Map(answerKinds.map((kind) => [`${kind}.json`, `${narrow(schemaOf(kind))}\n`]))
}

/** JSON whose values stand on one line each where they fit, and lists of words always: two thirds of the lines of a schema are brackets. */
function narrow(value: unknown, indent = '', before = 0): string {
  const flat = JSON.stringify(value)
  const isList = Array.isArray(value) && value.every((one) => typeof one !== 'object')
  if (isList || typeof value !== 'object' || value === null || indent.length + before + flat.length <= 110)
    return flat
  const inner = `${indent} `
  const items = Array.isArray(value)
    ? value.map((one: unknown) => inner + narrow(one, inner))
    : Object.entries(value).map(([key, one]) => {
        const name = `${JSON.stringify(key)}: `
        return inner + name + narrow(one, inner, name.length)
      })
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  return `${open}\n${items.join(',\n')}\n${indent}${close}`
}
