/** What `init` writes: as it stands it sets nothing; with every setting uncommented it is valid, in each format. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadConfig, type Config } from '../../../src/config/config.js'
import type { Ending } from '../../../src/config/file.js'
import { configKeys } from '../../../src/config/keys.js'
import { configTemplate } from '../../../src/config/template.js'
import { defaultRules } from '../../../src/config/default-rules.js'
import { bounds, defaultBounds } from '../../../src/domain/bounds.js'

const folder = mkdtempSync(join(tmpdir(), 'llmcost-template-'))
afterAll(() => rmSync(folder, { recursive: true }))

const names = { formats: ['table', 'markdown', 'json', 'csv'], importers: ['openai', 'llmcost'] }
const known = async () => names

async function load(ending: Ending, text: string): Promise<Config> {
  const file = join(folder, `x${ending}`)
  writeFileSync(file, text)
  return loadConfig({ cwd: folder, explicit: file, known })
}

/** Takes the sign of a comment from settings, and leaves prose, which has one blank after it. */
const uncommented = (text: string): string => text.replaceAll(/^( *)(#|\/\/)(?! \S|:)/gm, '$1')

describe.each<Ending>(['.yaml', '.yml', '.json'])('%s', (ending) => {
  const text = configTemplate(ending, configKeys(names), './schema.json')

  test('sets nothing', async () => {
    expect(await load(ending, text)).toEqual({
      path: join(folder, `x${ending}`),
      options: {},
      prices: [],
      costBasis: 'list-first',
      presets: {},
      groups: {},
      bounds: defaultBounds,
      budgets: [],
      userCaps: {},
      rules: [],
      guard: {},
      notify: [],
    })
  })

  test('is valid with every setting, and each says what it does', async () => {
    const config = await load(ending, uncommented(text))
    expect(Object.keys(config.options).toSorted()).toEqual([
      'archive',
      'db',
      'format',
      'lock_timeout',
      'memory_limit',
      'tz',
    ])
    expect(config).toMatchObject({
      prices: [join(folder, 'prices.csv')],
      costBasis: 'reported-first',
      userTiers: join(folder, 'user-tiers.csv'),
      bounds: defaultBounds,
      budgets: [
        { name: 'monthly', usd: '500' },
        { name: 'Search', usd: '120.5', filters: [{ dimension: 'feature' }] },
        { name: 'daily environment=production user~intern', usd: '20' },
      ],
      userCaps: { request_tokens: 100_000, monthly_usd: '100' },
      rules: [
        { name: 'dear-hour', kind: 'cost', bound: '5', by: 'feature', severity: 'critical' },
        { name: 'failing', bound: '0.05', windowHours: 2, forHours: 1, minCalls: 50 },
      ],
      presets: { gateway: { from: 'llmcost', set: { request_model: 'gpt-4o' } } },
    })
    for (const { about } of Object.values(bounds)) expect(text).toContain(about)
  })

  test('with rules: they hold as they stand, and with every other setting', async () => {
    const withRules = configTemplate(ending, configKeys(names), './schema.json', defaultRules)
    const ruleNames = defaultRules.map(({ rule }) => rule['name'])
    const config = await load(ending, withRules)
    expect(config).toMatchObject({ budgets: [], userCaps: {}, options: {} })
    expect(config.rules.map(({ name }) => name)).toEqual(ruleNames)
    const whole = await load(ending, uncommented(withRules))
    expect(whole.rules).toEqual(config.rules)
    expect(whole.budgets).toHaveLength(3)
    expect(Object.keys(whole.presets)).toEqual(['gateway'])
    for (const { about } of defaultRules) expect(withRules).toContain(about)
  })

  test('holds no line that is too long for a screen', () => {
    expect(text.split('\n').filter((line) => line.length > 160)).toEqual([])
  })
})
