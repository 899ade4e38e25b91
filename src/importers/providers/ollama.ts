import { isOllama } from '../bodies/body-marks.js'
import { bodyPlan, hasBody } from '../bodies/body-plan.js'
import type { Importer } from '../importer.js'

/** Ollama's chat, generate and embed: of a stream the last line is the call. */
export const ollama: Importer = {
  id: 'ollama',
  writer: 'provider',
  about: 'responses of Ollama, bare or wrapped',
  example: '{"model": "llama3.2", "created_at": "2026-10-05T08:00:00Z", "done": true, "eval_count": 282, …}',
  recognisedBy: '`done: true` with `eval_count`',
  lacks: 'input that was cached, which it leaves out; a price: models run at home',
  detects: (sample) => hasBody(sample, isOllama),
  plan: (survey) => bodyPlan(survey, 'ollama', { hops: [['response']], list: false }),
}
