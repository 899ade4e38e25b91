import { labelLimit } from './casts.js'

/** Named rules that repair a record or raise a doubt; each is a boolean column, counted by file. */
export const repairRules = {
  cache_tokens_added: 'input tokens did not include cached ones; they were added',
  cache_tokens_included: 'input tokens already included cached ones',
  tool_tokens_added: "input tokens did not include those of tools, by the record's total; they were added",
  output_from_total: 'no output tokens were given; what the total has beyond the input was taken',
  output_from_reasoning: 'no output tokens were given; those of reasoning were taken',
  reasoning_added: 'output tokens did not include reasoning; it was added',
  input_from_total: 'no input tokens were given; what the total has beyond the output was taken',
  total_tokens_differ:
    "the record's own total of tokens is another number than its parts; the parts were taken",
  cost_from_parts: 'no cost was given; its parts were added up',
  cost_parts_differ: "the record's parts of the cost do not add up to its cost",
  tier_is_label: 'tier is read as a label, not as the service tier; --map service_tier=tier reads it so',
  tier_is_service_tier:
    "tier is read as the service tier; where it is a customer's plan, --map tag.tier=tier --map service_tier=- says so",
  mode_is_service_tier:
    'batch, flex or priority under another name (mode, processing …) is read as the service tier; --map service_tier=- leaves it a label',
  measure_dropped: 'a latency, limit, temperature or score was impossible and left empty',
  label_cut: `a label longer than ${labelLimit} characters was cut`,
  future_time: 'the call is dated after now',
} as const

export type RepairRule = keyof typeof repairRules
