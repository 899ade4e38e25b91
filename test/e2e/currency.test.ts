/**
 * Every answer with `--currency`, at a rate of two on all days, beside the same in dollars: each amount is the double,
 * each other number and name the same, no key says dollars and no sentence shows a converted amount as dollars.
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isLosslessNumber, parse } from 'lossless-json'
import { beforeAll, describe, expect, test } from 'vitest'
import { serviceLog } from '../golden/cli/service-log.js'
import { endedWell, sharedFolder } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const cwd = sharedFolder()
const demo = fileURLToPath(new URL('../../fixtures/demo', import.meta.url))
const dayMs = 86_400_000

beforeAll(async () => {
  mkdirSync(join(cwd, 'logs'))
  for (const [name, text] of Object.entries(serviceLog)) writeFileSync(join(cwd, 'logs', name), text)
  for (const day of ['07', '14', '21', '28'])
    cpSync(join(demo, `calls-2026-09-${day}.jsonl.gz`), join(cwd, 'logs', `${day}.jsonl.gz`))
  const days = Array.from({ length: 60 }, (_, i) =>
    new Date(Date.UTC(2026, 8, 1) + i * dayMs).toISOString().slice(0, 10),
  )
  writeFileSync(
    join(cwd, 'rates.csv'),
    [
      'day,currency,rate',
      ...days.map((day) => `${day},CHF,2`),
      ...days.filter((day) => day >= '2026-09-21').map((day) => `${day},SEK,9.5`),
      '',
    ].join('\n'),
  )
  writeFileSync(
    join(cwd, 'llmcost.config.yaml'),
    'exchange_rates: rates.csv\ncontracts: [{ provider: openai, discount: 12.5% }]\n',
  )
  await runWarmWell(['ingest', 'logs'], { cwd })
})

const latest = ['--as-of', '2026-10-08']

/** Those of the report that hold no cost against an amount in dollars. */
const convertedSections =
  'summary,days,growth,features,models,users,efficiency,latency,errors,caching,unpriced'
const questions: readonly (readonly string[])[] = [
  ['breakdown', '--by', 'feature,model'],
  ['breakdown', '--by', 'day', '--columns', '+list_cost_usd,reported_cost_usd,p99_cost_usd,stddev_cost_usd'],
  ['breakdown', '--by', 'user', '--top', '3', '--sort', 'max_cost_usd', '--cost', 'list'],
  ['breakdown', '--by', 'team', '--cost', 'contract', '--tz', 'Asia/Kolkata'],
  ['trend', '--since', '21d'],
  ['trend', '--by', 'feature', '--metric', 'cost_usd,mean_cost_usd,p95_cost_usd', '--every', 'week'],
  ['efficiency'],
  ['efficiency', '--by', 'model', '--since', '10d'],
  ['efficiency', '--by', 'none', '--cost', 'reported'],
  ['calls', '--top', '40'],
  ['calls', '--sort', 'failed'],
  ['cache'],
  ['cache', '--by', 'model,day', '--top', '4'],
  ['latency', '--by', 'feature', '--sort', 'cost_usd'],
  ['errors'],
  ['errors', '--by', 'model', '--since', '2026-10-01'],
  ['quality', '--by', 'feature,model'],
  ['compare', '--since', '2026-09-21', '--until', '2026-09-28'],
  ['compare', '--since', '2026-09-18', '--until', '2026-09-28', '--vs', '3d', '--by', 'model'],
  ['compare', '--where', 'model=gpt-4o', '--vs', 'model=gpt-4o-mini'],
  ['report', '--since', '2026-09-21', '--until', '2026-09-28', '--sections', convertedSections],
  ['report', '--period', '30d', '--cost', 'contract', '--sections', convertedSections],
]

/** Findings whose bounds are in dollars. */
const inDollars = new Set(['mean_cost_usd', 'sustained_growth', 'prompt_cache_loss'])

type Json = Readonly<Record<string, unknown>>

describe.each(questions.map((words, looks) => ({ words, looks, name: words.join(' ') })))(
  '$name',
  ({ words, looks }) => {
    test('has each amount in the currency, and nothing else in another way', async () => {
      const asked = [...words, ...latest, '--json']
      const dollars = parse(endedWell(asked, await runWarm(asked, { cwd }, looks))) as Json
      const inFrancs = [...asked, '--currency', 'chf']
      const francs = parse(endedWell(inFrancs, await runWarm(inFrancs, { cwd }, looks))) as Json
      expect(francs['currency']).toBe('CHF')
      const ofCompare = words[0] === 'compare'
      const kept = (findings: unknown): unknown =>
        Array.isArray(findings)
          ? findings.filter((one: Json) => ofCompare || !inDollars.has(String(one['kind'])))
          : findings
      const { exchangeRates, currency: _, ...own } = francs
      expect(numberOf((exchangeRates as Json)['least'])).toBe('2')
      expectDoubled(
        { ...own, findings: kept(own['findings']) },
        { ...dollars, findings: kept(dollars['findings']) },
        '',
      )
    })

    test('shows people no amount as dollars', async () => {
      for (const format of ['table', 'csv', ...(words.length === 1 ? ['html'] : [])]) {
        const { stdout, stderr } = await runWarm(
          [...words, ...latest, '--format', format, '--currency', 'chf'],
          { cwd },
          looks,
        )
        // What prices and logs say of each other is in dollars, as prices are.
        const text = `${stdout}\n${stderr}`.replaceAll(/the logs say \$[\d.,]+, list prices \$[\d.,]+/g, '')
        if (format !== 'html') expect(text).not.toContain('$')
        else expect(text).not.toMatch(/\$\d/)
        if (format === 'csv') expect(text).not.toMatch(/_usd\b/)
      }
    })
  },
)

describe('a report', () => {
  const week = ['report', '--since', '2026-09-21', '--until', '2026-09-28', ...latest]

  test.each([{ more: [] }, { more: ['--full'] }])(
    'shows no amount as dollars, on any page: $more',
    async ({ more }) => {
      for (const format of ['table', 'markdown', 'html', 'csv', 'email']) {
        const to = format === 'email' ? ['--to', 'team@example.org'] : []
        const asked = [...week, ...more, '--format', format, ...to, '--currency', 'CHF']
        const { stdout, stderr, code } = await runWarm(asked, { cwd })
        expect(code).toBe(0)
        const text = `${stdout}\n${stderr}`.replaceAll(/the logs say \$[\d.,]+, list prices \$[\d.,]+/g, '')
        expect(text).not.toMatch(/\$\d/)
        if (format === 'csv') expect(text).not.toMatch(/_usd\b/)
        else expect(text).toContain('CHF')
      }
    },
  )

  test('names what it counts in dollars, and leaves it out', async () => {
    const { sections, warnings } = JSON.parse(
      await runWarmWell([...week, '--currency', 'CHF', '--json'], { cwd }),
    ) as { sections: readonly { id: string }[]; warnings: readonly string[] }
    const ids = sections.map(({ id }) => id)
    expect(ids).toContain('summary')
    for (const id of ['incidents', 'forecast', 'budgets', 'user_caps']) expect(ids).not.toContain(id)
    expect(warnings).toContain(
      'left out, as they count in US dollars and not in CHF: anomalies, forecast, budgets, caps; without --currency they are told',
    )
    const { code, stderr } = await runWarm([...week, '--sections', 'summary,budgets', '--currency', 'CHF'], {
      cwd,
    })
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('--sections budgets: these count in US dollars'),
    ])
  })

  test('says what beside its window has no rates', async () => {
    const { sections, warnings } = JSON.parse(
      await runWarmWell([...week, '--currency', 'SEK', '--json'], { cwd }),
    ) as {
      sections: readonly { id: string; rows: readonly Json[]; empty?: string }[]
      warnings: readonly string[]
    }
    const section = (id: string) => sections.find((one) => one.id === id)!
    expect(Object.keys(section('summary').rows[0]!)).not.toContain('before_cost_sek')
    expect(section('cost_by_day').rows).toHaveLength(7)
    expect(Object.keys(section('cost_by_day').rows[0]!)).not.toContain('week_before_cost_sek')
    expect(section('growth').empty).toMatch(/^not known: there is no rate of SEK for 2026-09-/)
    for (const what of [
      'not compared with the days before',
      'days are not compared with those a week before',
    ])
      expect(warnings.find((text) => text.startsWith(what))).toMatch(
        /there is no rate of SEK for 2026-09-(1\d|20)$/,
      )
  })

  test('is refused where a day of its window has no rate', async () => {
    const early = await runWarm(
      ['report', '--since', '2026-09-14', '--until', '2026-09-28', '--currency', 'SEK'],
      {
        cwd,
      },
    )
    expect([early.code, early.stderr]).toEqual([
      2,
      expect.stringContaining('there is no rate of SEK for 2026-09-14'),
    ])
  })
})

describe('beside its window', () => {
  const week = ['--since', '2026-09-21', '--until', '2026-09-28', '--currency', 'SEK']

  test('a trend has no growth where the weeks before have no rates', async () => {
    const { rows, growth } = JSON.parse(await runWarmWell(['trend', ...week, '--json'], { cwd })) as {
      rows: readonly Json[]
      growth: { rows: readonly Json[]; empty: string }
    }
    expect(rows).toHaveLength(7)
    expect(growth.rows).toEqual([])
    expect(growth.empty).toMatch(/^not known: there is no rate of SEK for 2026-09-(0[7-9]|1\d|20)$/)
  })

  test('retries that follow a failure of a day without a rate are counted', async () => {
    const week = ['errors', '--since', '2026-09-21', '--until', '2026-09-28', '--json']
    const totals = async (...more: string[]): Promise<Json> =>
      (parse(await runWarmWell([...week, ...more], { cwd })) as { sections: readonly { totals: Json }[] })
        .sections[0]!.totals
    const [kronor, dollars] = [await totals('--currency', 'SEK'), await totals()]
    expect(numberOf(kronor['retries'])).toBe(numberOf(dollars['retries']))
    expect(Number(numberOf(kronor['retry_cost_sek']))).toBeCloseTo(
      9.5 * Number(numberOf(dollars['retry_cost_usd'])),
      9,
    )
  })

  test('a comparison ends where the other side has a day without a rate', async () => {
    const { code, stderr } = await runWarm(['compare', ...week], { cwd })
    expect(code).toBe(2)
    expect(stderr).toMatch(/there is no rate of SEK for 2026-09-(1[4-9]|20)\n/)
  })
})

describe('columns by their names in the answer', () => {
  test.each<[readonly string[], readonly string[]]>([
    [
      [
        'breakdown',
        '--by',
        'model',
        '--columns',
        'calls,cost_chf,cost-per-1k-output-chf',
        '--sort',
        'max_cost_chf:asc',
      ],
      [
        'breakdown',
        '--by',
        'model',
        '--columns',
        'calls,cost_usd,cost_per_1k_output_usd',
        '--sort',
        'max_cost_usd:asc',
      ],
    ],
    [
      ['breakdown', '--columns', '+reported_cost_CHF'],
      ['breakdown', '--columns', '+reported_cost_usd'],
    ],
    [
      ['trend', '--metric', 'cost_chf,mean_cost_chf', '--since', '7d'],
      ['trend', '--metric', 'cost_usd,mean_cost_usd', '--since', '7d'],
    ],
    [
      ['latency', '--by', 'feature', '--sort', 'cost_chf'],
      ['latency', '--by', 'feature', '--sort', 'cost_usd'],
    ],
  ])('%j', async (own, dollars) => {
    const asked = [...latest, '--currency', 'chf', '--csv']
    const answer = await runWarmWell([...own, ...asked], { cwd })
    expect(answer).toContain('cost_chf')
    expect(answer).toBe(await runWarmWell([...dollars, ...asked], { cwd }))
  })

  test('are none in dollars, nor in another currency, nor in what is none', async () => {
    for (const more of [[], ['--currency', 'SEK'], ['--currency', 'USD']]) {
      const { code, stderr } = await runWarm(['breakdown', '--columns', 'cost_chf', ...latest, ...more], {
        cwd,
      })
      expect([code, stderr]).toEqual([2, expect.stringContaining('--columns cost_chf: no such column')])
    }
    const { code, stderr } = await runWarm(['breakdown', '--columns', 'calls', '--currency', 'c(f'], { cwd })
    expect([code, stderr]).toEqual([2, expect.stringContaining('--currency c(f is no currency')])
  })
})

test('a saved answer is compared with in its own currency alone', async () => {
  const week = ['--since', '2026-09-21', '--until', '2026-09-28']
  const saved = await runWarmWell(['breakdown', ...week, '--json', '--currency', 'CHF'], { cwd })
  writeFileSync(join(cwd, 'francs.json'), saved)
  const against = ['compare', ...week, '--against', 'francs.json', '--json']
  const { code, stderr } = await runWarm(against, { cwd })
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('francs.json: is in CHF, and this answer in USD: both must be in one currency'),
  ])
  const { sections } = parse(await runWarmWell([...against, '--currency', 'CHF'], { cwd })) as {
    sections: readonly { rows: readonly Json[] }[]
  }
  const [a, b, difference] = sections[0]!.rows.map((row) => numberOf(row['cost_chf']))
  expect(a).toBe(b)
  expect(Number(a)).toBeGreaterThan(0)
  expect(difference).toBe('0')
})

/** Keys of amounts that no name tells. */
const measured = new Set(['measured', 'bound'])

const numberOf = (value: unknown): string | undefined =>
  isLosslessNumber(value)
    ? value.value
    : typeof value === 'string' && /^-?[\d.]+$/.test(value)
      ? value
      : undefined

/** Each in its place; what names or kinds say is money is the double. */
function expectDoubled(own: unknown, dollars: unknown, key: string, isSeries = false, isRatio = false): void {
  const [a, b] = [numberOf(own), numberOf(dollars)]
  if (a !== undefined && b !== undefined) {
    const isMoney = !isRatio && (key.endsWith('_chf') || isSeries)
    const times = Number(b) === 0 ? 1 : Number(a) / Number(b)
    if (measured.has(key) || key === 'value')
      expect([1, 2].some((n) => Math.abs(times - n) < 1e-9)).toBe(true)
    else expect(Math.abs(times - (isMoney && Number(b) !== 0 ? 2 : 1)), `${key} ${a} ${b}`).toBeLessThan(1e-9)
    return
  }
  if (Array.isArray(own) && Array.isArray(dollars)) {
    expect(own.length, key).toBe(dollars.length)
    own.forEach((one, i) => expectDoubled(one, dollars[i], key, isSeries || key.endsWith('_chf')))
    return
  }
  if (typeof own === 'object' && own !== null && typeof dollars === 'object' && dollars !== null) {
    const named = Object.entries(dollars).map(([name, value]) => [
      name.replaceAll(/_usd(?=_|$)/g, '_chf'),
      value as unknown,
    ])
    expect(Object.keys(own).toSorted()).toEqual(Object.keys(Object.fromEntries(named)).toSorted())
    const others = Object.fromEntries(named) as Json
    const ratio = (own as Json)['side'] === 'ratio'
    for (const [name, value] of Object.entries(own)) expectDoubled(value, others[name], name, false, ratio)
    return
  }
  if (['text', 'title', 'warnings', 'notes', 'short'].includes(key)) return
  if (key === 'command') expect(String(own).replace(' --currency chf', '')).toBe(dollars)
  else if (key === 'key' || key === 'kind') expect(String(own).replaceAll('chf', 'usd')).toBe(dollars)
  else expect(own, key).toEqual(dollars)
}
