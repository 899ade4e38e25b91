/** Calls that nobody has made yet, in memory: one call of the size that is planned, priced as it would be. */
import { Database } from '../../db/database.js'
import { writeStore } from '../../db/store.js'
import { callColumns, pricedColumnNames } from '../../domain/call.js'
import type { Rate } from '../../domain/costs/rate.js'
import { timestampText } from '../../domain/words/quoting.js'
import { UserError } from '../../errors.js'
import type { PriceBook } from '../../pricing/book.js'
import { pricedQuery, ratesQuery } from '../../pricing/price-sql.js'

export interface PlannedCall {
  readonly model: string
  readonly inputTokens: number
  readonly outputTokens: number
  readonly now: Date
}

/**
 * A database in memory with one such call, which the caller closes.
 * @throws UserError (usage) for a model without a price
 */
export async function plannedCall(book: PriceBook, plan: PlannedCall): Promise<Database> {
  const { rates } = resolved(book, plan.model)
  if (rates.length > 0) return plannedCalls(book, [plan])
  const near = book.closest(plan.model, 3)
  throw new UserError(`--model ${plan.model}: no price is known for it`, {
    code: 'usage',
    hint: near.length > 0 ? `Close names: ${near.join(', ')}.` : 'List the known names with llmcost prices.',
  })
}

/** One call of each plan, with its place in the list as `call_id`; without a cost where no price is known. */
export async function plannedCalls(book: PriceBook, plans: readonly PlannedCall[]): Promise<Database> {
  const rates = new Map<string, Rate>()
  const calls = plans.map((plan, i) => {
    const found = resolved(book, plan.model)
    for (const rate of found.rates) rates.set(JSON.stringify(rate), rate)
    return {
      call_id: String(i),
      source: 'planned',
      ts: timestampText(plan.now.toISOString()),
      provider: found.provider,
      model: found.model,
      request_model: found.model,
      input_tokens: plan.inputTokens,
      output_tokens: plan.outputTokens,
    }
  })
  const db = await Database.open(':memory:', 'write', { threads: 1 })
  try {
    await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
    await db.run('USE store')
    await db.run('CREATE TEMP TABLE planned AS SELECT * FROM calls LIMIT 0')
    await db.run(
      `INSERT INTO planned BY NAME SELECT unnest(from_json(CAST($calls AS JSON),
        '[{"call_id":"VARCHAR","source":"VARCHAR","ts":"TIMESTAMP","provider":"VARCHAR","model":"VARCHAR",
          "request_model":"VARCHAR","input_tokens":"BIGINT","output_tokens":"BIGINT"}]'), recursive := true)`,
      { calls: JSON.stringify(calls) },
    )
    const filled: ReadonlySet<string> = new Set(pricedColumnNames)
    const keep = callColumns.filter(({ name }) => !filled.has(name)).map(({ name }) => `c.${name}`)
    const priced = pricedQuery({
      calls: 'planned',
      rates: `(${ratesQuery})`,
      keep: keep.join(', '),
      basis: 'list-first',
    })
    await db.run(`INSERT INTO calls BY NAME ${priced}`, { rates: JSON.stringify([...rates.values()]) })
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** By the model's name, or as `provider/model`. */
function resolved(
  book: PriceBook,
  given: string,
): { provider: string | null; model: string; rates: readonly Rate[] } {
  const named = book.resolve(null, given)
  const slash = given.indexOf('/')
  if (named.rates.length > 0 || slash < 1)
    return { provider: named.provider, model: given, rates: named.rates }
  const model = given.slice(slash + 1)
  const { provider, rates } = book.resolve(given.slice(0, slash), model)
  return { provider, model, rates }
}
