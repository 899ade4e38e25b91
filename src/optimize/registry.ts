import { closestNames } from '../domain/words/names.js'
import { UserError } from '../errors.js'
import { batchTier } from './batch-tier.js'
import { contextGrowth } from './context-growth.js'
import { developmentModels } from './development-models.js'
import { duplicateCalls } from './duplicate-calls.js'
import { failedCalls } from './failed-calls.js'
import { heavyUsers } from './heavy-users.js'
import { longContext } from './long-context.js'
import { modelRouting } from './model-routing.js'
import { oldModels } from './old-models.js'
import { outputLimits } from './output-limits.js'
import { promptCaching } from './prompt-caching.js'
import { promptLength } from './prompt-length.js'
import { unreadCacheWrites } from './unread-cache-writes.js'
import { responseCaching } from './response-caching.js'
import { stagesOfRequest } from './stages.js'
import type { Strategy } from './strategy.js'

/** All strategies, in the order in which they are applied one after another where several act alike. */
export const strategies: readonly Strategy[] = [
  duplicateCalls,
  failedCalls,
  responseCaching,
  heavyUsers,
  contextGrowth,
  longContext,
  promptLength,
  outputLimits,
  promptCaching,
  unreadCacheWrites,
  developmentModels,
  oldModels,
  modelRouting,
  batchTier,
  stagesOfRequest,
]

/** @throws UserError (usage) for an id that no strategy has */
export function strategyOf(id: string, option: string): Strategy {
  const found = strategies.find((strategy) => strategy.id === id)
  if (found !== undefined) return found
  const ids = strategies.map((strategy) => strategy.id)
  throw new UserError(`${option} ${id} is not a strategy`, {
    code: 'usage',
    hint: `The closest: ${closestNames(id, ids).join(', ')}. All: ${ids.join(', ')}.`,
  })
}

const acts = ['on calls', 'on tokens', 'on prices'] as const

/** First what makes calls go away, then what makes them smaller, then what makes them cheaper. */
export const inOrder = (some: readonly Strategy[]): Strategy[] =>
  strategies
    .filter((strategy) => some.includes(strategy))
    .toSorted((a, b) => acts.indexOf(a.acts) - acts.indexOf(b.acts))
