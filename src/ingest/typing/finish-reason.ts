/**
 * Finish reasons of all providers as one of: stop, length, context_exceeded, tool_calls, content_filter,
 * error, other. Compared in lower case with `-` as `_`.
 */
import { isOneOf } from './columns.js'

const finishReasons: Readonly<Record<string, readonly string[]>> = {
  stop: [
    'stop',
    'end_turn',
    'stop_sequence',
    'complete',
    'completed',
    'pause_turn',
    'eos',
    'eos_token',
    'end',
  ],
  length: [
    'length',
    'max_tokens',
    'max_output_tokens',
    'model_length',
    'max_length',
    'truncated',
    'max_new_tokens',
  ],
  context_exceeded: ['model_context_window_exceeded', 'context_exceeded', 'context_length_exceeded'],
  tool_calls: ['tool_calls', 'tool_call', 'function_call', 'tool_use'],
  content_filter: [
    'content_filter',
    'content_filtered',
    'refusal',
    'guardrail_intervened',
    'safety',
    'recitation',
    'blocklist',
    'prohibited_content',
    'spii',
    'language',
    'image_safety',
    'image_prohibited_content',
    'image_recitation',
  ],
  error: [
    'error',
    'malformed_function_call',
    'unexpected_tool_call',
    'too_many_tool_calls',
    'no_image',
    'malformed_model_output',
    'malformed_tool_use',
    'failed',
    'cancelled',
  ],
}

/** What a finish reason may be. */
export const knownFinishReasons: readonly string[] = [...Object.keys(finishReasons), 'other']

/**
 * SQL for a raw finish reason in comparable form: lower case, `_` for `-`. Of a JSON list (several
 * choices) a truncated one wins, else the first counts.
 */
export function comparableFinishReason(raw: string): string {
  const normal = (text: string): string => `lower(replace(trim(${text}), '-', '_'))`
  const list = `from_json(${raw}, '["VARCHAR"]')`
  const cut = `list_filter(${list}, lambda x: ${isOneOf(normal('x'), finishReasons['length']!)})[1]`
  const first = `CASE WHEN starts_with(${raw}, '[') AND json_valid(${raw}) THEN coalesce(${cut}, ${list}[1]) ELSE ${raw} END`
  // The commonest words are in that form already.
  return `CASE WHEN ${raw} = 'stop' OR ${raw} = 'end_turn' OR ${raw} = 'length' OR ${raw} = 'tool_calls' THEN ${raw} ELSE ${normal(first)} END`
}

/** SQL for the canonical finish reason of a comparable one; NULL when nothing was logged. */
export function finishReason(comparable: string): string {
  const cases = Object.entries(finishReasons).map(
    ([reason, names]) => `WHEN ${isOneOf(comparable, names)} THEN '${reason}'`,
  )
  return `CASE WHEN ${comparable} = 'stop' THEN 'stop' ELSE
    CASE WHEN ${comparable} IS NULL OR ${isOneOf(comparable, ['', 'null', 'none'])} THEN NULL ${cases.join(' ')} ELSE 'other' END END`
}
