/** What an application tells a guard: its config, a call that is about to be made, and what the call used. */

/** Who asks, and what for. Names are those of `llmcost/track`. */
export interface CallLabels {
  readonly feature?: string | undefined
  readonly endpoint?: string | undefined
  readonly user?: string | undefined
  readonly customer?: string | undefined
  readonly session?: string | undefined
  readonly rootSession?: string | undefined
  readonly trace?: string | undefined
  /** The plan or tier of the user; left out: that of the file of tiers. Also the tag `tier`. */
  readonly tier?: string | undefined
  readonly team?: string | undefined
  readonly project?: string | undefined
  readonly environment?: string | undefined
  readonly promptName?: string | undefined
  readonly tags?: Readonly<Record<string, string | number | boolean>> | undefined
}

/** How it is billed, where that is not the usual way. */
interface CallMode {
  /** batch, flex, priority */
  readonly serviceTier?: string | undefined
  readonly speed?: string | undefined
  readonly region?: string | undefined
}

export interface CallRequest extends CallLabels, CallMode {
  /** As in the price data (openai, anthropic …); left out: as the model's name tells. */
  readonly provider?: string | undefined
  readonly model: string
  /** Tokens of the whole input, as far as they are known; cache reads and writes are among them. */
  readonly inputTokens: number
  /** Of these, those that the call will write to the prompt cache, which cost more. */
  readonly cacheCreationInputTokens?: number | undefined
  readonly cacheCreation1hInputTokens?: number | undefined
  /** The output limit that is sent with the call; left out: `guard.output_tokens` are reserved, and nothing is promised. */
  readonly maxOutputTokens?: number | undefined
  /** When it is made, for logs that are gone through again; only with a store in memory. By default now. */
  readonly at?: Date | undefined
}

/** What a call used: counts as the answer tells them, or its cost. Where nothing is known it counts as reserved. */
export interface CallUse extends CallMode {
  /** When the call ended, for logs that are gone through again; only with a store in memory. By default now. */
  readonly at?: Date | undefined
  /** USD, exact where it is a text. It goes before any count. */
  readonly costUsd?: string | number | undefined
  /** What the provider says that it cost, USD. */
  readonly reportedCostUsd?: string | number | undefined
  /** As the answer names it; left out: that of the reservation. */
  readonly model?: string | undefined
  readonly inputTokens?: number | undefined
  readonly cacheReadInputTokens?: number | undefined
  readonly cacheCreationInputTokens?: number | undefined
  readonly cacheCreation1hInputTokens?: number | undefined
  readonly outputTokens?: number | undefined
  readonly reasoningOutputTokens?: number | undefined
  readonly inputAudioTokens?: number | undefined
  readonly outputAudioTokens?: number | undefined
  readonly cacheReadAudioInputTokens?: number | undefined
  readonly inputImageTokens?: number | undefined
  readonly inputVideoTokens?: number | undefined
  readonly outputImageTokens?: number | undefined
  readonly webSearchRequests?: number | undefined
  readonly fileSearchRequests?: number | undefined
}

/** The keys of the config file that a guard reads, as an object; others may stand beside them. */
export interface GuardConfigObject {
  readonly tz?: string
  readonly prices?: string | readonly string[]
  readonly cost_basis?: 'list-first' | 'reported-first'
  readonly user_tiers?: string
  readonly user_caps?: object
  readonly budgets?: readonly object[]
  readonly guard?: object
  readonly [key: string]: unknown
}
