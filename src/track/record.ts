/** One provider call as a line of the log: names and units are those of the table `calls`. */
export interface CallRecord {
  /** When the call was begun, ISO 8601 UTC. */
  ts: string
  /** The provider's own id of the answer; of a call that got none, one made here. */
  call_id: string
  /** As in the price data (openai, anthropic, azure, openrouter …); left out where the address does not tell. */
  provider?: string
  /** chat, completion, embedding, image, transcription, speech. */
  operation?: string
  request_model?: string
  response_model?: string
  /** Cache reads and writes included. */
  input_tokens?: number
  cache_read_input_tokens?: number
  cache_creation_input_tokens?: number
  /** The share of cache_creation_input_tokens that is kept for an hour. */
  cache_creation_1h_input_tokens?: number
  /** Reasoning included. */
  output_tokens?: number
  reasoning_output_tokens?: number
  input_audio_tokens?: number
  output_audio_tokens?: number
  cache_read_audio_input_tokens?: number
  input_image_tokens?: number
  output_image_tokens?: number
  web_search_requests?: number
  file_search_requests?: number
  /** What the provider says that it cost, USD. */
  reported_cost_usd?: number
  /** From the request to the end of the answer, ms. */
  latency_ms?: number
  /** From the request to the first token of a streamed answer, ms. */
  ttft_ms?: number
  temperature?: number
  /** The output limit that was asked for, tokens. */
  max_tokens?: number
  /** In the provider's own word. */
  finish_reason?: string
  status: 'ok' | 'error'
  /** The kind of the error, never its message, which may quote a prompt: rate_limit_error, aborted, connection … */
  error?: string
  /** From 1, where the client tells that it tries again. */
  attempt?: number
  service_tier?: string
  speed?: string
  region?: string
  /** SHA-256 of the system prompt, its first 16 digits. */
  prompt_hash?: string
  /** Counts of the provider's that none of these fields holds, by their names: whoever reads the log is told of them. */
  usage?: Record<string, number>
  feature?: string
  endpoint?: string
  user_id?: string
  customer?: string
  session_id?: string
  root_session_id?: string
  trace_id?: string
  team?: string
  project?: string
  environment?: string
  prompt_name?: string
  tags?: Record<string, string>
}

/** Fields of a record that say what a call used. */
export type Usage = Pick<
  CallRecord,
  | 'input_tokens'
  | 'cache_read_input_tokens'
  | 'cache_creation_input_tokens'
  | 'cache_creation_1h_input_tokens'
  | 'output_tokens'
  | 'reasoning_output_tokens'
  | 'input_audio_tokens'
  | 'output_audio_tokens'
  | 'cache_read_audio_input_tokens'
  | 'input_image_tokens'
  | 'output_image_tokens'
  | 'web_search_requests'
  | 'file_search_requests'
  | 'reported_cost_usd'
  | 'usage'
>
