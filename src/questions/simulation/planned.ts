/** Calls that nobody has made yet, in memory: one call of the size that is planned, priced as it would be. */
import { Database } from '../../db/database.js'
import { writeStore } from '../../db/store.js'
import { callColumns, pricedColumnNames } from '../../domain/call.js'
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
  const { provider, model, rates } = resolved(book, plan.model)
  const db = await Database.open(':memory:', 'write', { threads: 1 })
  try {
    await writeStore(db, ':memory:', { lockTimeoutMs: 0 }, async () => undefined)
    await db.run('USE store')
    await db.run('CREATE TEMP TABLE planned AS SELECT * FROM calls LIMIT 0')
    await db.run(
      `INSERT INTO planned (call_id, source, ts, provider, model, request_model, input_tokens, output_tokens)
         VALUES ('planned', 'planned', CAST($ts AS TIMESTAMP), $provider, $model, $model, $input, $output)`,
      {
        ts: timestampText(plan.now.toISOString()),
        provider,
        model,
        input: plan.inputTokens,
        output: plan.outputTokens,
      },
    )
    const filled: ReadonlySet<string> = new Set(pricedColumnNames)
    const keep = callColumns.filter(({ name }) => !filled.has(name)).map(({ name }) => `c.${name}`)
    const priced = pricedQuery({
      calls: 'planned',
      rates: `(${ratesQuery})`,
      keep: keep.join(', '),
      basis: 'list-first',
    })
    await db.run(`INSERT INTO calls BY NAME ${priced}`, { rates: JSON.stringify(rates) })
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function resolved(
  book: PriceBook,
  given: string,
): { provider: string | null; model: string; rates: ReturnType<PriceBook['resolve']>['rates'] } {
  const slash = given.indexOf('/')
  const pairs = [{ provider: null, model: given }] as { provider: string | null; model: string }[]
  if (slash > 0) pairs.push({ provider: given.slice(0, slash), model: given.slice(slash + 1) })
  for (const { provider, model } of pairs) {
    const found = book.resolve(provider, model)
    if (found.rates.length > 0) return { provider: found.provider, model, rates: found.rates }
  }
  const near = book.closest(given, 3)
  throw new UserError(`--model ${given}: no price is known for it`, {
    code: 'usage',
    hint: near.length > 0 ? `Close names: ${near.join(', ')}.` : 'List the known names with llmcost prices.',
  })
}
