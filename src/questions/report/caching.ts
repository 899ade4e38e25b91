/** What the caches saved and cost: for `cache`, and a part of the report. */
import type { Dimension } from '../../domain/dimensions.js'
import { promptCache } from '../../metrics/caching/prompt-cache.js'
import { responseCache } from '../../metrics/caching/response-cache.js'
import { cachingSections, type CacheFacts } from '../../reports/caching/cache.js'
import { cacheFindings } from '../../reports/caching/prompt-cache.js'
import type { ReportPart } from '../../reports/weekly/weekly.js'
import { ask, type Question } from '../question.js'

/** Of both caches; the prompt cache by groups, those with most calls first. */
export async function cacheFacts(
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
    // Their bound is in dollars.
    findings:
      question.scope.currency === undefined
        ? cacheFindings(facts.prompt, question.settings.config.bounds)
        : [],
  }
}
