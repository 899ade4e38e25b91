/**
 * Laws of price updates, for any lists one after the other: what the last list says is in force from its day on,
 * nothing of the days before is another price than it was, and taking updates back leaves what was before them.
 */
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import type { Rate } from '../../src/domain/costs/rate.js'
import { loadPriceBook, type PriceBook } from '../../src/pricing/book.js'
import { loadCatalogue, type Catalogue } from '../../src/pricing/catalogue.js'
import { readPriceList } from '../../src/pricing/lists/price-list.js'
import { readUpdates, writeUpdates } from '../../src/pricing/lists/update-file.js'
import { planUpdate } from '../../src/pricing/lists/update-plan.js'
import { UpdateLayer } from '../../src/pricing/lists/updates.js'
import { emptyFolder } from '../e2e/program.js'

let bundled: Catalogue
beforeAll(async () => {
  bundled = await loadCatalogue()
})

/** Provider and name as a log has them, and as LiteLLM's table does. */
const names = [
  ['openai', 'gpt-4o', 'gpt-4o'],
  ['openai', 'gpt-4o-2024-08-06', 'gpt-4o-2024-08-06'],
  ['openai', 'gpt-4o-2024-11-20', 'gpt-4o-2024-11-20'],
  ['azure', 'gpt-4o', 'azure/gpt-4o'],
  ['anthropic', 'claude-sonnet-4-5', 'claude-sonnet-4-5'],
  ['anthropic', 'claude-sonnet-4-5-20250929', 'claude-sonnet-4-5-20250929'],
  ['bedrock', 'anthropic.claude-haiku-4-5-20251001-v1:0', 'anthropic.claude-haiku-4-5-20251001-v1:0'],
  ['bedrock', 'us.anthropic.claude-haiku-4-5-20251001-v1:0', 'us.anthropic.claude-haiku-4-5-20251001-v1:0'],
  ['gemini', 'gemini-2.5-pro', 'gemini/gemini-2.5-pro'],
  ['deepseek', 'deepseek-v4-flash', 'deepseek/deepseek-v4-flash'],
  ['openrouter', 'openai/gpt-4o', 'openrouter/openai/gpt-4o'],
  ['openai', 'gpt-77', 'gpt-77'],
  ['openai', 'gpt-77-mini', 'gpt-77-mini'],
  ['invented-cloud', 'open-7', 'invented-cloud/open-7'],
] as const

/** Billionths of a dollar a token: what JSON writes as 1.5e-7. */
const price = fc
  .integer({ min: 1, max: 90_000 })
  .map((n) => ({ perToken: n / 1e9, perMillion: String(n / 1000) }))

const table = fc.uniqueArray(
  fc.record({ name: fc.constantFrom(...names), input: price, output: price, read: fc.option(price) }),
  { minLength: 1, maxLength: 6, selector: ({ name }) => name[2] },
)
type Table = typeof table extends fc.Arbitrary<infer T> ? T : never

const textOf = (entries: Table): string =>
  JSON.stringify(
    Object.fromEntries(
      entries.map(({ name: [provider, , key], input, output, read }) => [
        key,
        {
          litellm_provider: provider,
          mode: 'chat',
          input_cost_per_token: input.perToken,
          output_cost_per_token: output.perToken,
          ...(read === null ? {} : { cache_read_input_token_cost: read.perToken }),
        },
      ]),
    ),
  )

type Rates = readonly (readonly Rate[])[]

/** Of each name, in order. */
const ratesOf = (book: PriceBook): Rates =>
  names.map(([provider, model]) => book.resolve(provider, model).rates)

/** All prices in force at a moment, whatever their source. */
function inForce(rates: readonly Rate[], day: string): string {
  const moment = `${day} 05:00:00`
  const found = rates
    .filter((rate) => rate.valid_from <= moment && moment < rate.valid_to)
    .filter(({ doubt }) => doubt?.includes('first known price') !== true)
  return JSON.stringify(
    found.map((rate) => ({ ...rate, valid_from: '', valid_to: '', rule: '', matched: '' })),
  )
}

const standard = (rates: readonly Rate[], day: string): Rate | undefined =>
  rates
    .filter((rate) => rate.mode === 'standard')
    .find(
      (rate) => rate.valid_from <= `${day} 05:00:00` && `${day} 05:00:00` < rate.valid_to && rate.band_lo < 1,
    )

const before = ['2023-07-01', '2025-01-01', '2026-09-30', '2026-11-30']

test('what a list says is in force from its day on, and nothing before is another', async () => {
  const folder = emptyFolder()
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(table, { minLength: 1, maxLength: 3 }), async (lists) => {
      const path = `${folder}/${run++}.json`
      const books = [await loadPriceBook({ overrideFiles: [] })]
      const states = [readUpdates(path)]
      const all = books.map(ratesOf)
      for (const [i, entries] of lists.entries()) {
        const day = `2026-12-${String(1 + i * 5).padStart(2, '0')}`
        const updates = states[i] ?? []
        const layer = new UpdateLayer(updates)
        const catalogue = layer.extend(bundled)
        const book = books[i]
        if (book === undefined) throw new Error('no book')
        const { rows } = planUpdate({
          models: readPriceList(textOf(entries), 'x', catalogue).models,
          catalogue,
          layer,
          resolve: (provider, model) => book.resolve(provider, model),
          today: day,
          since: null,
          known: book.known,
        })
        writeUpdates(path, [
          ...updates,
          { made: `${day}T00:00:00Z`, source: 'x', models: entries.length, rows },
        ])
        states.push(readUpdates(path))
        const after = await loadPriceBook({ overrideFiles: [], updatesFile: path })
        books.push(after)
        for (const { name, input, output, read } of entries) {
          const rate = standard(after.resolve(name[0], name[1]).rates, day)
          expect([name[2], rate?.input_price, rate?.output_price]).toEqual([
            name[2],
            input.perMillion,
            output.perMillion,
          ])
          if (read !== null) expect([name[2], rate?.cache_read_price]).toEqual([name[2], read.perMillion])
        }
        const earlier = [...before, ...lists.slice(0, i).map((_, k) => `2026-12-0${k === 0 ? 2 : 7}`)]
        all.push(ratesOf(after))
        for (const [at, [, model]] of names.entries()) {
          const [was = [], is = []] = [all[i]?.[at], all[i + 1]?.[at]]
          for (const moment of was.length > 0 ? earlier : [])
            expect(`${model} ${moment} ${inForce(is, moment)}`).toBe(
              `${model} ${moment} ${inForce(was, moment)}`,
            )
        }
      }
      // Taken back, one by one.
      for (let i = lists.length; i > 0; i--) {
        writeUpdates(path, readUpdates(path).slice(0, -1))
        expect(readUpdates(path)).toEqual(states[i - 1])
        const book = await loadPriceBook({ overrideFiles: [], updatesFile: path })
        expect(ratesOf(book)).toEqual(all[i - 1])
      }
    }),
    { numRuns: 25 },
  )
})
