/**
 * Generated call logs, and what must come of them by the rules of sameness, worked out in plain TypeScript:
 * the id of a call is one call, its largest output wins, then its latest time; records under a request's id are
 * one call only if they agree; of lines without an id the greatest multiplicity among the files counts.
 */
import { createHash } from 'node:crypto'
import fc from 'fast-check'

/** One line (or CSV record) of a log. */
export type Line =
  | { readonly kind: 'call'; readonly call: Call }
  | { readonly kind: 'bad'; readonly number: number }
  | { readonly kind: 'blank' }

export interface Call {
  /** `call-…`: of the call; `req-…`: of the request, which may be several calls; null: the log gives none. */
  readonly id: string | null
  /** Seconds after the first moment. */
  readonly second: number
  readonly output: number
  readonly input: number
  readonly model: string
  readonly user: string
  readonly feature: string
}

export type Format = 'jsonl' | 'csv' | 'array'

export interface Log {
  readonly name: string
  readonly format: Format
  readonly lines: readonly Line[]
  readonly crlf: boolean
  readonly endsWithNewline: boolean
}

const models = ['gpt-4o', 'gpt-4o-mini', 'claude-haiku-4-5', 'in-house-1']
const users = ['u1', 'u2', 'Zoë', '=cmd()', 'a,"b"']
const features = ['chat', 'search', "'; DROP TABLE calls"]

/** Lines that can't be calls. */
const badJson = [
  'not json at all',
  '{"id": "cut", "timestamp": "2026-10-0',
  '[1, 2]',
  '42',
  '{}',
  '{"timestamp": "2026-10-01T00:00:00Z", "model": "gpt-4o", "input_tokens": -5}',
  '{"id": "bad-1", "timestamp": "2026-10-01T00:00:00Z", "model": "gpt-4o", "input_tokens": 1.5}',
  '{"id": "bad-2", "timestamp": "1999-10-01T00:00:00Z", "model": "gpt-4o", "input_tokens": 15}',
  '{"id": "bad-3", "model": "gpt-4o", "input_tokens": 15}',
  '{"id": "bad-4", "timestamp": "2026-10-01T00:00:00Z", "cost": 100001}',
]
const badCsv = [
  'x-1,,2026-10-01T00:00:00Z,gpt-4o,-5,1,u1,chat',
  'x-2,,2026-10-01T00:00:00Z,gpt-4o,1.5,1,u1,chat',
  'x-3,,1999-10-01T00:00:00Z,gpt-4o,5,1,u1,chat',
  ',,never,gpt-4o,5,1,u1,chat',
  'x-5,,2026-10-01T00:00:00Z,gpt-4o,2e9,1,u1,chat',
]

/** What follows from an id stays the same in all its copies. */
const idCall = fc
  .record({ id: fc.nat(11), second: fc.nat(3), output: fc.nat(3), ofCall: fc.boolean() })
  .map(({ id, second, output, ofCall }): Call => ({
    id: `${ofCall ? 'call' : 'req'}-${id}`,
    second,
    output,
    input: 1000 + id * 137,
    model: models[id % models.length]!,
    user: users[id % users.length]!,
    feature: features[id % features.length]!,
  }))

const plainCall = fc.record({
  id: fc.constant(null),
  second: fc.nat(1),
  output: fc.nat(1),
  input: fc.constantFrom(7, 1_000_000_000),
  model: fc.constantFrom(...models.slice(0, 2)),
  user: fc.constantFrom(...users),
  feature: fc.constant('chat'),
})

const call = (arbitrary: fc.Arbitrary<Call>): fc.Arbitrary<Line> =>
  arbitrary.map((one) => ({ kind: 'call', call: one }))
const bad: fc.Arbitrary<Line> = fc.nat(9).map((number) => ({ kind: 'bad', number }))
const blank: fc.Arbitrary<Line> = fc.constant({ kind: 'blank' })

export interface LogShape {
  readonly formats?: readonly Format[]
  readonly ids?: 'all' | 'some'
  readonly maxLines?: number
}

/** A log with at least one call, so that its format can be told. */
export function log({
  formats = ['jsonl', 'jsonl', 'csv', 'array'],
  ids = 'some',
  maxLines = 14,
}: LogShape = {}): fc.Arbitrary<Log> {
  const calls = ids === 'all' ? call(idCall) : fc.oneof(call(idCall), call(plainCall))
  return fc
    .record({
      format: fc.constantFrom(...formats),
      first: calls,
      rest: fc.array(
        fc.oneof(
          { weight: 6, arbitrary: calls },
          { weight: 1, arbitrary: bad },
          { weight: 1, arbitrary: blank },
        ),
        {
          maxLength: maxLines,
        },
      ),
      at: fc.nat(3),
      crlf: fc.boolean(),
      endsWithNewline: fc.boolean(),
      name: fc.nat(1_000_000),
    })
    .map(({ format, first, rest, at, crlf, endsWithNewline, name }): Log => {
      // An array of records has no room for broken ones.
      const others = format === 'array' ? rest.filter((line) => line.kind === 'call') : rest
      const lines = [...others.slice(0, at), first, ...others.slice(at)]
      const ending = format === 'array' ? 'json' : format
      return { name: `log-${name}.${ending}`, format, lines, crlf, endsWithNewline }
    })
}

/** Several logs with names of their own. */
export const logs = (count: number, shape?: LogShape): fc.Arbitrary<Log[]> =>
  fc.uniqueArray(log(shape), { minLength: 1, maxLength: count, selector: ({ name }) => name })

export const timeOf = (second: number): string => new Date(Date.UTC(2026, 9, 1, 0, 0, second)).toISOString()

const csvField = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** The field that an id stands in. */
const fieldOf = (id: string): string => (id.startsWith('call-') ? 'call_id' : 'request_id')

const jsonLine = (one: Call): string =>
  JSON.stringify({
    ...(one.id === null ? {} : { [fieldOf(one.id)]: one.id }),
    timestamp: timeOf(one.second),
    model: one.model,
    input_tokens: one.input,
    output_tokens: one.output,
    user_id: one.user,
    feature: one.feature,
  })

const csvLine = (one: Call): string =>
  [
    ...['call_id', 'request_id'].map((field) => (one.id !== null && fieldOf(one.id) === field ? one.id : '')),
    timeOf(one.second),
    one.model,
    one.input,
    one.output,
    one.user,
    one.feature,
  ]
    .map((field) => csvField(String(field)))
    .join(',')

const csvHeader = 'call_id,request_id,timestamp,model,input_tokens,output_tokens,user_id,feature'

const badLine = (format: Format, number: number): string => {
  const all = format === 'csv' ? badCsv : badJson
  return all[number % all.length]!
}

/** One line as it stands in the file, without its end. */
export function lineText(format: Format, line: Line): string {
  if (line.kind === 'blank') return ''
  if (line.kind === 'bad') return badLine(format, line.number)
  return format === 'csv' ? csvLine(line.call) : jsonLine(line.call)
}

/** The whole file. */
export function fileText(log: Log): string {
  const texts = log.lines.map((line) => lineText(log.format, line))
  if (log.format === 'array') return `[\n${texts.join(',\n')}\n]\n`
  const end = log.crlf ? '\r\n' : '\n'
  const all = log.format === 'csv' ? [csvHeader, ...texts] : texts
  // A last line that is blank ends with its newline only.
  const last = log.endsWithNewline || log.lines.at(-1)?.kind === 'blank' ? end : ''
  return all.join(end) + last
}

/** What a file's counts must be, before it is told which of its calls are duplicates. */
export interface Counted {
  readonly lines: number
  readonly calls: number
  readonly skipped: number
  readonly rejected: number
}

/** CSV: records and the header; its blank lines are no records. */
export function counted(log: Log): Counted {
  const of = (kind: Line['kind']): number => log.lines.filter((line) => line.kind === kind).length
  const calls = of('call')
  const rejected = of('bad')
  const skipped = log.format === 'csv' ? 1 : of('blank')
  return { lines: calls + rejected + skipped, calls, skipped, rejected }
}

export interface Expected {
  readonly call_id: string | null
  readonly ts: string
  readonly model: string
  readonly input_tokens: number
  readonly output_tokens: number
  readonly user_id: string
  readonly feature: string
}

/** The calls that must be in the store after these logs, whatever their order. */
export function expectedCalls(all: readonly Log[]): Expected[] {
  const byId = new Map<string, Call>()
  const byRequest = new Map<string, Call>()
  const most = new Map<string, { call: Call; times: number }>()
  for (const log of all) {
    const here = new Map<string, { call: Call; times: number }>()
    for (const line of log.lines) {
      if (line.kind !== 'call') continue
      if (line.call.id === null) {
        // The same call in two formats is two lines.
        const key = `${log.format === 'csv' ? 'csv' : 'json'} ${lineText(log.format, line)}`
        here.set(key, { call: line.call, times: (here.get(key)?.times ?? 0) + 1 })
      } else if (fieldOf(line.call.id) === 'request_id') {
        byRequest.set(JSON.stringify(line.call), line.call)
      } else {
        const known = byId.get(line.call.id)
        if (known === undefined || isBetter(line.call, known)) byId.set(line.call.id, line.call)
      }
    }
    for (const [key, one] of here) if ((most.get(key)?.times ?? 0) < one.times) most.set(key, one)
  }
  const plain = [...most.values()].flatMap(({ call: one, times }) => Array<Call>(times).fill(one))
  const requests = [...byRequest.values()]
  const apart = requests.map((one): Expected => {
    const alone = requests.filter(({ id }) => id === one.id).length === 1
    return { ...expectedRow(one), call_id: alone ? one.id : `${one.id}~${apartHash(one)}` }
  })
  return [...apart, ...[...byId.values(), ...plain].map(expectedRow)]
}

/** What stands after the id of a call that shares it: a hash of what the record says of the call. */
function apartHash({ model, second, output, input }: Call): string {
  const provider = model.startsWith('gpt') ? 'openai' : model.startsWith('claude') ? 'anthropic' : ''
  const ts = timeOf(second).slice(0, 19).replace('T', ' ')
  // Provider, model, operation, attempt, start, output, total and cost where neither count is logged, input.
  const said = [provider, model, '', '', ts, output, '', '', input]
  return createHash('md5').update(said.join('\x1f')).digest('hex').slice(0, 12)
}

const isBetter = (a: Call, b: Call): boolean =>
  a.output !== b.output ? a.output > b.output : a.second > b.second

const expectedRow = (one: Call): Expected => ({
  call_id: one.id,
  ts: timeOf(one.second).replace('.000Z', 'Z'),
  model: one.model,
  input_tokens: one.input,
  output_tokens: one.output,
  user_id: one.user,
  feature: one.feature,
})

/** How many rejected records the store must hold: of equal lines the greatest multiplicity among the files. */
export function expectedRejects(all: readonly Log[]): number {
  const most = new Map<string, number>()
  for (const log of all) {
    const here = new Map<string, number>()
    for (const line of log.lines) {
      if (line.kind !== 'bad') continue
      const key = `${log.format === 'csv' ? 'csv' : 'json'} ${lineText(log.format, line)}`
      here.set(key, (here.get(key) ?? 0) + 1)
    }
    for (const [key, times] of here) most.set(key, Math.max(most.get(key) ?? 0, times))
  }
  return [...most.values()].reduce((sum, times) => sum + times, 0)
}
