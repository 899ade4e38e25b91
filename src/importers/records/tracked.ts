/**
 * A log that `llmcost/track` wrote: the columns of `calls` by their own names. A line may say that calls before it
 * were dropped, which is no call, and is refused with that reason, so that nobody misses it.
 */
import { callFields } from '../../domain/call.js'
import { trackedBy } from '../../domain/words/tracked.js'
import { quoteText } from '../../domain/words/quoting.js'
import { Document } from '../document.js'
import type { ReadPlan } from '../importer.js'
import type { Survey } from '../survey.js'
import { tagsOf } from './exported.js'
import { isContent } from './content-names.js'

export const isTracked = ({ sample }: Survey): boolean =>
  sample.kind !== 'csv' && sample.records.some((record) => record[trackedBy.key] === trackedBy.value)

export function trackedPlan(survey: Survey): ReadPlan {
  const document = Document.for(survey)
  const denied = (survey.innerKeys.get('tags') ?? []).filter(isContent).map(quoteText)
  return {
    document,
    fields: Object.fromEntries(
      callFields.filter((field) => survey.keys.includes(field)).map((field) => [field, document.text(field)]),
    ),
    ...(survey.keys.includes('tags') ? { tags: tagsOf(document.text('tags'), denied) } : {}),
    ...(survey.keys.includes(trackedBy.dropped)
      ? {
          refusals: [
            {
              when: `${document.text(trackedBy.dropped)} IS NOT NULL`,
              reason: `the application could not keep up with its log and left calls out: ${trackedBy.dropped} says how many`,
            },
          ],
        }
      : {}),
    // The id is that of the provider's answer, and some servers give every answer the same.
    idKind: "'any'",
    cacheTokens: 'included',
    cacheTokensCertain: true,
    // A stream that was not asked for its usage tells none; nor does an answer that was broken off.
    callsMayLackUsage: true,
  }
}
