import { isAnthropic, isBody, isOpenai } from '../bodies/body-marks.js'
import { bodyPlan, hasBody } from '../bodies/body-plan.js'
import { at, isObject } from '../sample-values.js'
import type { Importer } from '../importer.js'

/**
 * Chat Completions, Responses and Embeddings, bare, wrapped, as batch output or as stream chunks (of
 * which only the one with the usage is a call). Input includes cached tokens, output includes reasoning.
 */
export const openai: Importer = {
  id: 'openai',
  writer: 'provider',
  about:
    'responses of the OpenAI API and its clones (Chat Completions, Responses, Embeddings, Batch), bare or wrapped',
  example: '{"ts": "2026-10-05T08:00:00Z", "user": "u1", "response": {"object": "chat.completion", …}}',
  recognisedBy: '`object: chat.completion`, `response`, `list` with `usage`',
  lacks: 'a user and feature: those of the record around it',
  detects: (sample) =>
    hasBody(sample, (body) => isOpenai(body) || (isBody(body) && !isAnthropic(body))) ||
    sample.records.some(
      (r) => 'custom_id' in r && isObject(r['response']) && isObject(at(r, 'response', 'body')),
    ),
  plan: (survey) => bodyPlan(survey, 'openai', { hops: [['response', 'body']], list: false }),
}
