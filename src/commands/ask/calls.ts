/** `llmcost calls`: single calls, the dearest first. */
import { breakdown } from '../../metrics/breakdown.js'
import type { MeasureName } from '../../metrics/measures/registry.js'
import { callOrders, singleCalls, type CallOrder } from '../../metrics/single-calls.js'
import { callsReport } from '../../reports/calls.js'
import { convertedOptions, type CommandSpec } from '../command.js'
import { ask, doubtsAbout } from '../../questions/question.js'
import { optionCount, optionText } from '../option-values.js'
import { withCalls } from '../with-calls.js'

const orders = Object.keys(callOrders) as CallOrder[]

/** How many calls of a kind there are. */
const countOf: Readonly<Record<CallOrder, MeasureName>> = {
  dearest: 'calls',
  latest: 'calls',
  truncated: 'truncated_calls',
  failed: 'failed_calls',
}

export const callsCommand: CommandSpec = {
  name: 'calls',
  summary: 'single calls: the dearest, the latest, those cut off, those that failed',
  options: [
    {
      flags: '--sort <order>',
      about: 'which calls come first',
      choices: orders,
      fallback: 'dearest',
      group: 'Question',
    },
    { flags: '-n, --top <n>', about: 'how many', fallback: '20', group: 'Question' },
    ...convertedOptions,
  ],
  examples: [
    { command: 'llmcost calls --since yesterday', about: 'the dearest calls of yesterday' },
    {
      command: 'llmcost calls --sort truncated --where feature=summary --top 50',
      about: 'calls that were cut off',
    },
  ],
  run: async (invocation) => {
    const order = orders.find((name) => name === optionText(invocation, 'sort')) ?? 'dearest'
    const top = optionCount(invocation, 'top') ?? 20
    const report = await withCalls(invocation, async (question) => {
      const { db, scope } = question
      const measures = [
        'calls',
        'unpriced_calls',
        'partly_priced_calls',
        'truncated_calls',
        'failed_calls',
      ] as const
      const rows = await ask(db, singleCalls(scope, order, top))
      const [total] = await ask(db, breakdown({ scope, by: [], measures }))
      const doubts = await doubtsAbout(question, total)
      return callsReport({ scope, order, rows, matching: Number(total?.[countOf[order]] ?? 0), doubts })
    })
    return { report }
  },
}
