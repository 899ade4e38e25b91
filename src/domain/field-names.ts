/** Names under which people give the fields of a call, in `--map`, `--set` and presets. */
import { callFields } from './call.js'

const fields: ReadonlyMap<string, string> = new Map<string, string>([
  ...callFields.map((field): [string, string] => [field, field]),
  ['model', 'request_model'],
  ['timestamp', 'ts'],
  ['time', 'ts'],
  ['user', 'user_id'],
  ['session', 'session_id'],
  ['env', 'environment'],
  ['cost', 'reported_cost_usd'],
  ['cost_usd', 'reported_cost_usd'],
  ['cached_tokens', 'cache_read_input_tokens'],
  ['id', 'call_id'],
  // Of the log as a whole: in which currency its costs are, and what one unit of it costs in USD.
  ['currency', 'currency'],
  ['currency_rate', 'currency_rate'],
])

/** All names but tags, which are `tag.<name>`. */
export const fieldNames: readonly string[] = [...fields.keys()]

/** The field, or the tag, that a name stands for. */
export function fieldOf(name: string): string | undefined {
  return fields.get(name) ?? (/^tag\.[^.]+$/.test(name) ? name : undefined)
}
