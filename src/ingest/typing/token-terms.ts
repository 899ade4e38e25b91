/** What rules on tokens speak of, in SQL over the columns of a typed record; counts that are absent are 0. */

const read = 'coalesce(cache_read_input_tokens, 0)'
export const write =
  'greatest(coalesce(cache_creation_input_tokens, 0), coalesce(cache_creation_1h_input_tokens, 0))'
export const cached = `(${read} + ${write})`
export const input = 'coalesce(input_tokens, 0)'
export const output = 'coalesce(output_tokens, 0)'
export const reasoning = 'coalesce(reasoning_output_tokens, 0)'
export const tools = 'coalesce(tool_tokens, 0)'

/** The record's total is that of input, output and, once more, the cached tokens. */
export const totalSaysBeside = `total_tokens IN (${input} + ${output} + ${cached}, ${input} + ${output} + ${cached} + ${reasoning})`
export const totalSaysInside = `total_tokens IN (${input} + ${output}, ${input} + ${output} + ${reasoning})`
/** More cached tokens than input: they can't be a share of it. */
export const beyond = `${cached} > ${input}`
