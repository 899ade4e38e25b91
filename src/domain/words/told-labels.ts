/** Labels that an application tells of a call: how `llmcost/track` and `llmcost/guard` name them, by column of `calls`. */
import type { ContextField } from '../call.js'

/** The hash of a prompt is made of it: nobody tells that. */
const names = {
  feature: 'feature',
  endpoint: 'endpoint',
  user_id: 'user',
  customer: 'customer',
  session_id: 'session',
  root_session_id: 'rootSession',
  trace_id: 'trace',
  team: 'team',
  project: 'project',
  environment: 'environment',
  prompt_name: 'promptName',
} as const satisfies Readonly<Record<Exclude<ContextField, 'prompt_hash'>, string>>

/** Column and name of each, in the order in which lines of logs have them. */
export const toldLabels = Object.entries(names) as readonly (readonly [
  column: keyof typeof names,
  name: (typeof names)[keyof typeof names],
])[]
