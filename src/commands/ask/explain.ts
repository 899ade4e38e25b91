import type { Database } from '../../db/database.js'
import type { Rate } from '../../domain/costs/rate.js'
import { UserError } from '../../errors.js'
import { costParts, explainOutcome, holdsWords, modeWords, type CostedCall } from '../../pricing/explain.js'
import { callRates, callsOfId, idsLike } from '../../pricing/stored-sql.js'
import { callCostReport, type ExplainedCall } from '../../reports/prices/call-cost.js'
import type { Row } from '../../reports/report.js'
import { inputOption, outputOptions, sourceOptions, storeOptions, type CommandSpec } from '../command.js'
import { ofSameCalls } from '../command-text.js'
import { withDatabase } from '../with-calls.js'

type StoredCall = CostedCall & Row & { readonly source: string; readonly call_id: string }

type RateOfCall = Rate & { readonly call_source: string; readonly rated_call: string }

export const explainCommand: CommandSpec = {
  name: 'explain',
  summary: 'show what a call cost, part by part, at which price and by which rule',
  arguments: [{ name: '<call_id>', about: 'id as `llmcost calls` lists it; its beginning is enough' }],
  options: [inputOption, ...sourceOptions, ...storeOptions, ...outputOptions],
  examples: [
    { command: 'llmcost explain chatcmpl-9xKp2', about: 'tokens × price of each part, and why that price' },
  ],
  async run(invocation) {
    const report = await withDatabase(invocation, async (db, settings) => {
      const id = await completeId(db, (invocation.args[0] ?? '').trim())
      const { rows: calls } = await db.query<StoredCall>(callsOfId, { call_id: id })
      const { rows: rates } = await db.query<RateOfCall>(callRates, { call_id: id })
      const explained = calls.map((call): ExplainedCall => {
        const rate = rates.find((one) => one.call_source === call.source && one.rated_call === call.call_id)
        return {
          call,
          rate,
          conditions: rate === undefined ? '' : holdsWords(rate),
          mode: rate === undefined ? null : modeWords(rate),
          parts: rate === undefined ? [] : costParts(call, rate).map((part) => ({ ...part })),
          sentences: explainOutcome(call, rate, settings.costBasis, ofSameCalls(invocation)),
        }
      })
      return callCostReport(id, explained)
    })
    return { report }
  },
}

/** The id itself, or the only one that begins so. */
async function completeId(db: Database, given: string): Promise<string> {
  const { rows } = await db.query<{ call_id: string }>(idsLike, { call_id: given })
  const ids = rows.map((row) => row.call_id)
  if (ids.includes(given)) return given
  if (ids.length === 1 && ids[0] !== undefined) return ids[0]
  throw new UserError(
    ids.length === 0 ? `no call has the id ${given}` : `several calls have ids that begin with ${given}`,
    {
      code: 'usage',
      hint: ids.length === 0 ? 'llmcost calls lists calls with their ids.' : `They begin: ${ids.join(', ')}.`,
    },
  )
}
