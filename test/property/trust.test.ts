/** Whatever a config file holds: untrusted, it is free of what needs trust, or it is refused. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test, vi } from 'vitest'
import { loadConfig, lookAt, type Config } from '../../src/config/config.js'
import { configKeys } from '../../src/config/keys.js'
import { trust } from '../../src/config/trust.js'
import { UserError } from '../../src/errors.js'

const names = { formats: ['table', 'json'], importers: ['llmcost'] }
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'llmcost-trusting-')))
const repo = join(folder, 'repo')
mkdirSync(repo)
afterAll(() => rmSync(folder, { recursive: true }))
vi.stubEnv('XDG_DATA_HOME', join(folder, 'data'))
vi.stubEnv('XDG_CONFIG_HOME', join(folder, 'config'))

const keys = configKeys(names)
const paths = [
  'a.csv',
  'sub/a.csv',
  '../a.csv',
  'sub/../../a.csv',
  '/etc/passwd',
  '~/a.csv',
  './b',
  '..b',
  '.',
  '..',
]
const path = fc.constantFrom(...paths)
const rule = fc.oneof(
  fc.record({
    kind: fc.constant('sql'),
    sql: fc.constantFrom('SELECT 1', 'FROM calls'),
    enabled: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom('cost', 'call_cost'), over: fc.constant(3) }),
)
const channel = fc.oneof(
  fc.constant({ kind: 'slack', url_env: 'HOME' }),
  fc.constant({ kind: 'mail', to: 'a@example.org', smtp_env: 'X' }),
)
/** Values that are right, by key; all others have the examples of their keys. */
const right: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  db: path,
  prices: fc.oneof(path, fc.array(path, { maxLength: 3 })),
  user_tiers: path,
  currency_rates: path,
  exchange_rates: path,
  rules: fc.array(rule, { maxLength: 4 }).map((list) => list.map((one, i) => ({ ...one, name: `r${i}` }))),
  notify: fc.dictionary(fc.constantFrom('chat', 'ops', 'sql', 'db'), channel, { maxKeys: 2 }),
}
const arbitrary = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
)
const trees = fc
  .record(
    Object.fromEntries(
      Object.entries(keys).map(([name, { example }]) => [
        name,
        fc.tuple(right[name] ?? fc.constant(example), arbitrary).map(([good, odd]) => odd ?? good),
      ]),
    ),
    { requiredKeys: [] },
  )
  .chain((tree) => fc.shuffledSubarray(Object.entries(tree), { maxLength: 6 }))

/** JSON, of which YAML 1.2 and a file of JSON read the same; line by line, so that lines tell keys apart. */
const text = (entries: readonly (readonly [string, unknown])[]): string =>
  `{\n${entries.map(([name, value]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(',\n')}\n}`

const outcome = (loading: Promise<Config>): Promise<Config | UserError> =>
  loading.catch((error: unknown) => {
    if (error instanceof UserError) return error
    throw error
  })

/** What a config that was read may do, by what came of it rather than by its text. */
function acts(config: Config): readonly string[] {
  const outside = (file: string | undefined): boolean =>
    file !== undefined && file !== repo && !file.startsWith(`${repo}/`)
  return [
    ...(config.options.db === undefined ? [] : ['db']),
    ...(config.prices.length > 0 ? ['prices'] : []),
    ...(config.priceUpdateUrl === undefined ? [] : ['price_update_url']),
    ...(config.notify.length > 0 ? ['notify'] : []),
    ...(config.rules.some(({ kind, sql }) => kind === 'sql' || sql !== null) ? ['rules'] : []),
    ...(outside(config.userTiers) ? ['user_tiers'] : []),
    ...(outside(config.currencyRates) ? ['currency_rates'] : []),
    ...(outside(config.exchangeRates) ? ['exchange_rates'] : []),
  ]
}

test('untrusted, any file is free of what needs trust, or refused by key and line', async () => {
  const ends = { refused: 0, read: 0, wrong: 0 }
  await fc.assert(
    fc.asyncProperty(trees, fc.constantFrom('.yaml', '.yml', '.json'), async (entries, ending) => {
      const file = join(repo, `llmcost.config${ending}`)
      writeFileSync(file, text(entries))
      try {
        const known = async () => names
        const named = await outcome(loadConfig({ cwd: repo, known, explicit: file }))
        const found = await outcome(loadConfig({ cwd: repo, known }))
        if (found instanceof UserError) {
          expect(found.code).toBe('usage')
          if (found.hint?.includes('llmcost trust') !== true) {
            // It is wrong as it stands, for whoever wrote it.
            expect(named).toMatchObject({ message: found.message })
            ends.wrong += 1
            return
          }
          const line = Number(found.location?.slice(`${file}:`.length))
          const [key] = entries[line - 2]!
          expect(found.message.startsWith(key)).toBe(true)
          expect(keys[key as keyof typeof keys].trust).not.toBe('free')
          ends.refused += 1
          if (named instanceof UserError) return
          await trust(file, (await lookAt(file, names)).digest, new Date())
          expect(await loadConfig({ cwd: repo, known })).toMatchObject(named)
        } else {
          expect(acts(found)).toEqual([])
          expect(found).toEqual({ ...(named as Config), trustedSince: null })
          ends.read += 1
        }
      } finally {
        rmSync(file)
        rmSync(join(folder, 'data'), { recursive: true, force: true })
      }
    }),
    { numRuns: 600 },
  )
  // Each end was met often enough to say something.
  expect(Math.min(...Object.values(ends))).toBeGreaterThan(40)
  expect(dirname(repo)).toBe(folder)
})
