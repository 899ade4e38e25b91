import { isCohere } from '../bodies/body-marks.js'
import { bodyPlan, hasBody } from '../bodies/body-plan.js'
import type { Importer } from '../importer.js'

/** Cohere's chat, embed and rerank, v1 and v2. Billed units count; the model's own tokens only where there are none. */
export const cohere: Importer = {
  id: 'cohere',
  writer: 'provider',
  about: 'responses of the Cohere API, v1 and v2, bare or wrapped',
  example:
    '{"ts": "2026-10-05T08:00:00Z", "model": "command-r-plus", "response": {"usage": {"billed_units": {…}}}}',
  recognisedBy: '`usage.billed_units` or `meta.billed_units`',
  lacks: 'a time, user and feature: those of the record around it',
  detects: (sample) => hasBody(sample, isCohere),
  plan: (survey) => bodyPlan(survey, 'cohere', { hops: [['response']], list: false }),
}
