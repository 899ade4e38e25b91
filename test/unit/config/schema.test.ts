/** The JSON Schema that ships, against the program's own check: for editors, the two must agree. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/config.js'
import { configKeys } from '../../../src/config/keys.js'
import type { Keys } from '../../../src/config/shapes.js'
import { bounds } from '../../../src/domain/bounds.js'
import { UserError } from '../../../src/errors.js'

const folder = mkdtempSync(join(tmpdir(), 'llmcost-schema-'))
afterAll(() => rmSync(folder, { recursive: true }))

const schemaFile = fileURLToPath(new URL('../../../schema/llmcost.config.schema.json', import.meta.url))
const accepts = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false }).compile(
  JSON.parse(readFileSync(schemaFile, 'utf8')) as object,
)
const names = { formats: ['table', 'markdown', 'json', 'csv'], importers: ['openai', 'llmcost'] }
const known = async () => names

/** The error of the program's own check; undefined when it takes the config. */
async function objection(data: unknown): Promise<UserError | undefined> {
  const file = join(folder, 'x.json')
  writeFileSync(file, JSON.stringify(data))
  try {
    await loadConfig({ cwd: folder, explicit: file, known })
    return undefined
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
}

/** What a schema cannot say, or says only in part. */
const beyondSchema =
  /it is 0\.0{12}1$|two plans are named|before it begins$|not a time zone|two budgets are named|two rules are named|is no placeholder of|brace without its other half|for needs a statement|no rule is judged by|a percentage such as 5%; it is "|weeks, such as 2h, 1d or 1w; it is "|are one dimension|gives \S+ twice|not a dimension|cannot filter by|is true or false|is a number$|put it in quotes|has no value|not a key that llmcost knows/

const numbers = [0, -1, 0.05, 1, 1.5, 5, 80, 1e13, 1e21, 1e-13]
const texts = [
  '',
  ' ',
  'x',
  '5',
  '0',
  '-1',
  '0.10',
  '1e3',
  'a=b',
  'user=x',
  'user~',
  'a\u0000b',
  'UTC',
  '30s',
  '2GB',
]
const words = ['table', 'list-first', '(none)', 'true', 'model!=gpt-4o']
const lists = [[], [null], ['x'], [80, 90], ['user=x'], ['']]
const groups = [{}, { a: 1 }, { model: 'x' }, { 'tag.a': 'x' }, { tag: { a: 'x' } }]
const values: readonly unknown[] = [null, true, false, ...numbers, ...texts, ...words, ...lists, ...groups]

const value = fc.oneof({ weight: 1, arbitrary: fc.constantFrom(...values) })
/** Mostly what fits, at times anything. */
const mostly = (...fitting: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...fitting) }, { weight: 1, arbitrary: value })
const group = (model: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 30, arbitrary: fc.record(model, { requiredKeys: [] }) }, { weight: 1, arbitrary: value })
const listOf = (item: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 30, arbitrary: fc.array(item, { maxLength: 3 }) }, { weight: 1, arbitrary: value })

const amount = mostly(5, 0.1, '0.10', '12')
const budget = fc.oneof(
  group({
    monthly: amount,
    weekly: amount,
    name: mostly('a', 'b', 'c'),
    warn_at: listOf(mostly(80, 90.5)),
    where: listOf(mostly('user~x', 'feature=y')),
    feature: mostly('search', 7),
    attempt: mostly(1, 2),
    cache_hit: mostly(true),
    day: mostly('2026-10-01'),
    tag: group({ a: mostly('x'), b: group({ c: mostly('x') }) }),
    'tag.z': mostly('x'),
  }),
  group({ daily: amount, name: fc.constantFrom('a', 'b', 'c', 'd', 'e'), user: mostly('smith') }),
)
const terms = {
  name: mostly('a', 'b', 'c'),
  fee: mostly(20, 0, '12.5'),
  included_usd: amount,
  included_credits: mostly(1500, 0, 1.5),
  credit_usd: amount,
  overage: mostly('list', 'none'),
}
/** Mostly with what it needs. */
const plan = fc
  .tuple(
    fc.subarray(['included_usd', 'overage', 'included_credits', 'credit_usd'] as const),
    group({
      ...terms,
      feature: mostly('search', 7),
      tag: group({ a: mostly('x') }),
      where: listOf(mostly('user~x', 'feature=y')),
      begins_on: mostly(1, 28, 29),
      since: mostly('2026-01-01', '2026-1-1'),
      until: mostly('2027-01-01', 'soon'),
      alternatives: listOf(fc.oneof(group(terms), group({ name: mostly('d', 'e'), fee: mostly(5) }))),
    }),
  )
  .map(([out, one]) =>
    typeof one === 'object' && one !== null
      ? Object.fromEntries(
          Object.entries({ name: 'f', fee: 1, ...one }).filter(([key]) => !out.some((name) => name === key)),
        )
      : one,
  )
/** Keys that every rule may have. */
const ruleKeys = {
  name: mostly('a', 'b', 'c', 'd', 'e'),
  severity: mostly('info', 'critical'),
  for: mostly('0h', '2h'),
  message: mostly('{subject}: {measured}', '{nothing}', '{'),
  enabled: mostly(true, false),
  where: mostly('feature=x', ['user~x']),
  by: mostly('feature', 'tag.a', 'day'),
  window: mostly('1h', '2d', '0h', '1m'),
  min_calls: mostly(0, 20, 1.5),
  min_usd: mostly(1, '0.5'),
}
const rules = [
  group({ ...ruleKeys, kind: fc.constant('cost'), over: mostly(5, '0.1') }),
  group({ ...ruleKeys, kind: fc.constant('error_rate'), over: mostly(0.1, '5%', '500%', 2) }),
  group({ ...ruleKeys, kind: fc.constant('p95_latency'), over: mostly(500, '2s', '5') }),
  group({ kind: mostly('no_data', 'growth'), at_least: mostly('3h', 0.1), name: mostly('f') }),
  group({ kind: fc.constant('sql'), sql: mostly('SELECT 1', 'SELECT $as_of'), for: mostly('1h') }),
  group({
    kind: mostly('unusual_cost', 'cost_spike', 'sq'),
    tests: mostly(['spike'], 'drop', []),
    against: mostly('1d'),
  }),
]
const fields = group({
  ts: mostly('When'),
  user: mostly('U'),
  user_id: mostly('V'),
  tag: group({ a: mostly('x') }),
  nope: value,
})
const keys = {
  db: mostly('x.duckdb'),
  tz: mostly('UTC', 'Mars/Base'),
  format: mostly('json'),
  lock_timeout: mostly('30s', 30),
  memory_limit: mostly('2GB'),
  prices: mostly('p.csv', ['p.csv', 'q.csv']),
  cost_basis: mostly('list-first'),
  user_tiers: mostly('t.csv'),
  bounds: group(Object.fromEntries(Object.entries(bounds).map(([name, one]) => [name, mostly(one.value)]))),
  budgets: listOf(budget),
  plans: listOf(plan),
  user_caps: group({ request_tokens: mostly(1000), request_usd: amount, daily_usd: amount }),
  rules: listOf(fc.oneof(...rules)),
  presets: group({ one: group({ from: mostly('openai'), map: fields, set: fields }), two: value }),
  $schema: mostly('./x.json'),
}
/** A few keys at a time, so that about half of the configs are sound. */
const config = fc
  .subarray(Object.keys(keys) as (keyof typeof keys)[], { minLength: 1, maxLength: 3 })
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, keys[name]]))))

describe('JSON Schema and own check', () => {
  test('agree on anything', async () => {
    let taken = 0
    let refused = 0
    await fc.assert(
      fc.asyncProperty(config, async (data) => {
        const error = await objection(data)
        if (error === undefined) taken++
        else refused++
        if (error !== undefined) {
          expect(error.code).toBe('usage')
          expect(error.location).toMatch(/x\.json:1$/)
        }
        if (!accepts(data)) expect(error, JSON.stringify(accepts.errors)).toBeDefined()
        else if (error !== undefined) expect(error.message).toMatch(beyondSchema)
      }),
      { numRuns: 500 },
    )
    expect(Math.min(taken, refused)).toBeGreaterThan(50)
  })

  const examples: Keys = configKeys(names)
  test.each(Object.entries(examples).filter(([name]) => name !== '$schema'))(
    'take the example of %s',
    async (name, { example }) => {
      expect(await objection({ [name]: example })).toBeUndefined()
      expect(accepts({ [name]: example })).toBe(true)
    },
  )

  test.each(Object.keys(examples))('know each kind of value that does not fit %s', async (name) => {
    for (const junk of values) {
      const data = { [name]: junk }
      const error = await objection(data)
      if (!accepts(data)) expect(error, JSON.stringify(data)).toBeDefined()
      if (error !== undefined) {
        expect(error.message, JSON.stringify(data)).toContain(name)
        expect(error.location).toMatch(/:1$/)
      }
    }
  })

  test('know no key but those', async () => {
    expect(accepts({ budget: 5 })).toBe(false)
    expect(await objection({ budget: 5 })).toMatchObject({ hint: 'The closest: budgets, bounds, rules.' })
  })
})
