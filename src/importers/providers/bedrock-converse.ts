import { isConverse } from '../bodies/body-marks.js'
import { bodyPlan, hasBody } from '../bodies/body-plan.js'
import type { Importer } from '../importer.js'

/** Bedrock's Converse. Input excludes cache reads and writes; they are added. The model stands in the wrapper. */
export const bedrockConverse: Importer = {
  id: 'bedrock-converse',
  writer: 'provider',
  about: 'responses of Amazon Bedrock Converse, bare or wrapped',
  example:
    '{"ts": "2026-10-05T08:00:00Z", "modelId": "…", "response": {"stopReason": "end_turn", "usage": {…}}}',
  recognisedBy: '`stopReason` with `usage.inputTokens`',
  lacks: 'a time and model: those of the record around it',
  detects: (sample) => hasBody(sample, isConverse),
  plan: (survey) => bodyPlan(survey, 'bedrock-converse', { hops: [['response']], list: false }),
}
