import { isAnthropic } from '../bodies/body-marks.js'
import { bodyPlan, hasBody } from '../bodies/body-plan.js'
import { isObject } from '../sample-values.js'
import type { Importer } from '../importer.js'

/**
 * Messages API responses, bare, wrapped, or as results of a message batch. A message carries no time: the
 * wrapper, or `--set ts=…`, must give it. Input excludes cache reads and writes; they are added.
 */
export const anthropic: Importer = {
  id: 'anthropic',
  writer: 'provider',
  about: 'responses of the Anthropic Messages API and message batches, bare or wrapped',
  example: '{"ts": "2026-10-05T08:00:00Z", "response": {"type": "message", …}}',
  recognisedBy: '`type: message` with `usage.input_tokens`',
  lacks: 'a time, user and feature: those of the record around it',
  detects: (sample) =>
    hasBody(sample, isAnthropic) ||
    sample.records.some((r) => 'custom_id' in r && isObject(r['result']) && 'type' in r['result']),
  plan: (survey) => bodyPlan(survey, 'anthropic', { hops: [['result', 'message']], list: false }),
}
