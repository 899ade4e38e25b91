/** `llmcost cache`: what the response cache and the providers' prompt caches save and cost. */
import { breakdown } from '../../metrics/breakdown.js'
import { cacheAgeTags } from '../../metrics/caching/cache-age.js'
import { cacheReport } from '../../reports/caching/cache.js'
import { responseMeasures } from '../../reports/caching/response-cache.js'
import { cacheFacts } from '../../questions/report/caching.js'
import { convertedOptions, type CommandSpec } from '../command.js'
import { withFoldedGroups } from './folded-groups.js'
import { groupingOf, groupingOptions } from '../grouping.js'
import { ask, doubtsAbout } from '../../questions/question.js'

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
    ...groupingOptions('feature').filter(({ flags }) => flags.startsWith('--by') || flags.includes('--top')),
    ...convertedOptions,
  ],
  examples: [
    { command: 'llmcost cache --since 30d', about: 'by feature' },
    { command: 'llmcost cache --by model', about: 'which models cache well' },
    { command: 'llmcost cache --by week', about: 'week by week' },
  ],
  run: async (invocation) => {
    const grouping = await groupingOf(invocation, 'feature')
    const { by } = grouping
    const report = await withFoldedGroups(invocation, grouping, async (question, top) => {
      const { db, scope } = question
      const inTime = by.some(({ kind }) => kind === 'time') && top === undefined
      const sort = inTime ? undefined : { by: 'calls', descending: true }
      const groups = await ask(db, breakdown({ scope, by, measures: responseMeasures, sort, top }))
      const facts = await cacheFacts(question, by, top)
      const doubts = await doubtsAbout(
        question,
        facts.response.find(({ row }) => row === 'total'),
      )
      const { bounds } = question.settings.config
      return cacheReport({ ...facts, scope, by, groups, bounds, doubts })
    })
    return { report }
  },
}
