import { isGemini } from '../bodies/body-marks.js'
import { bodyPlan, hasBody } from '../bodies/body-plan.js'
import type { Importer } from '../importer.js'

/** `generateContent` of the Gemini API and Vertex AI. Thoughts are output and tool results input beside the counts. */
export const gemini: Importer = {
  id: 'gemini',
  writer: 'provider',
  about: 'responses of Gemini (Gemini API, Vertex AI, batches, streams as lists of chunks), bare or wrapped',
  example:
    '{"ts": "2026-10-05T08:00:00Z", "response": {"modelVersion": "gemini-2.5-pro", "usageMetadata": {…}}}',
  recognisedBy: '`usageMetadata`',
  lacks: 'a time, user and feature: those of the record around it',
  detects: (sample) => hasBody(sample, isGemini),
  plan: (survey) => bodyPlan(survey, 'gemini', { hops: [['response']], list: false }),
}
