/** `llmcost cache`: what the response cache and the providers' prompt caches save and cost. */
import type { Dimension } from '../domain/dimensions.js'
import { breakdown } from '../metrics/breakdown.js'
import { cacheAgeTags } from '../metrics/cache-age.js'
import { promptCache } from '../metrics/prompt-cache.js'
import { responseCache } from '../metrics/response-cache.js'
import { cacheReport, cachingSections, type CacheFacts } from '../reports/cache.js'
import { cacheFindings } from '../reports/prompt-cache.js'
import { responseMeasures } from '../reports/response-cache.js'
import type { ReportPart } from '../reports/weekly.js'
import { questionOptions, type CommandSpec } from './command.js'
import { groupingOf, groupingOptions } from './grouping.js'
import { ask, doubtsAbout, withCalls, type Question } from './question.js'

export const cacheCommand: CommandSpec = {
  name: 'cache',
  summary: 'what response cache and prompt cache save and cost',
  details: [
    'Response cache: calls that the application or a gateway answered itself (cache_hit); cache_hit_rate is hits over calls that log it, avoided_cost_usd what the hits would have cost at list prices.',
    `The age of what was served comes from the tags ${cacheAgeTags.join(', ')}: seconds, unless the name ends in ms.`,
    "Prompt cache: the provider's, over calls that reached one. Saved = cache reads at the price of uncached input less what they cost; extra for writes = what writes cost above that price; net saving = saved less extra. By each call's own list price, for its time, size and service tier; a call whose price is not known is left out and counted.",
    'Finding: a feature on a model whose prompt cache costs more than it saves.',
    'Dimensions and time buckets are those of llmcost breakdown. --top keeps the groups with most calls.',
  ].join('\n'),
  options: [
    ...groupingOptions('feature').filter(
      ({ flags }) => flags.startsWith('--by') || flags.startsWith('--top'),
    ),
    ...questionOptions,
  ],
  examples: [
    { command: 'llmcost cache --since 30d', about: 'by feature' },
    { command: 'llmcost cache --by model', about: 'which models cache well' },
    { command: 'llmcost cache --by week', about: 'week by week' },
  ],
  run: async (invocation) => {
    const { by, top } = groupingOf(invocation, 'feature')
    const report = await withCalls(invocation, async (question) => {
      const { db, scope } = question
      const inTime = by.some(({ kind }) => kind === 'time') && top === undefined
      const sort = inTime ? undefined : { by: 'calls', descending: true }
      const groups = await ask(db, breakdown({ scope, by, measures: responseMeasures, sort, top }))
      const facts = await cacheFacts(question, by, top)
      const doubts = await doubtsAbout(
        question,
        facts.response.find(({ row }) => row === 'total'),
      )
      return cacheReport({ ...facts, scope, by, groups, bounds: question.settings.config.bounds, doubts })
    })
    return { report }
  },
}

async function cacheFacts(
  { db, scope }: Question,
  by: readonly Dimension[],
  top?: number,
): Promise<CacheFacts> {
  const sort = { by: 'calls', descending: true }
  return {
    response: await ask(db, responseCache(scope)),
    prompt: await ask(db, promptCache({ scope, by, sort, top })),
  }
}

/** Both caches in the weekly report; nothing where no call logs any. */
export async function cachePart(question: Question): Promise<ReportPart> {
  const facts = await cacheFacts(question, [])
  return {
    sections: cachingSections(facts),
    findings: cacheFindings(facts.prompt, question.settings.config.bounds),
  }
}
