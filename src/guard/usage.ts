/** What an application tells of a call, as the columns of `calls` name it. */
import { toldLabels } from '../domain/words/told-labels.js'
import type { CallUsage } from '../pricing/call-cost.js'
import type { CallRequest, CallUse } from './request.js'

const mostTokens = 1e9

const counts = {
  inputTokens: 'input_tokens',
  cacheReadInputTokens: 'cache_read_input_tokens',
  cacheCreationInputTokens: 'cache_creation_input_tokens',
  cacheCreation1hInputTokens: 'cache_creation_1h_input_tokens',
  outputTokens: 'output_tokens',
  reasoningOutputTokens: 'reasoning_output_tokens',
  inputAudioTokens: 'input_audio_tokens',
  outputAudioTokens: 'output_audio_tokens',
  cacheReadAudioInputTokens: 'cache_read_audio_input_tokens',
  inputImageTokens: 'input_image_tokens',
  inputVideoTokens: 'input_video_tokens',
  outputImageTokens: 'output_image_tokens',
  webSearchRequests: 'web_search_requests',
  fileSearchRequests: 'file_search_requests',
} as const satisfies Partial<Record<keyof CallUse, keyof CallUsage>>

/** @throws TypeError for a count that is none */
export function usageOf(use: CallUse): CallUsage {
  const usage: Record<string, number | string> = {}
  for (const [name, column] of Object.entries(counts)) {
    const count = use[name as keyof typeof counts]
    if (count !== undefined && count !== null) usage[column] = countOf(count, name)
  }
  const { serviceTier, speed, region } = use
  return {
    ...usage,
    service_tier: serviceTier ?? undefined,
    speed: speed ?? undefined,
    region: region ?? undefined,
  }
}

/** @throws TypeError for what no call can have */
export function countOf(count: unknown, name: string): number {
  if (typeof count === 'number' && Number.isInteger(count) && count >= 0 && count <= mostTokens) return count
  throw new TypeError(`${name} must be a whole number from 0 to ${mostTokens}; it is ${String(count)}`)
}

/** What filters of budgets look at, save the model. What is empty is none; feature falls back to endpoint. */
export function labelsOf(request: CallRequest): Map<string, string> {
  const labels = new Map<string, string>()
  const set = (key: string, value: string | number | boolean | null | undefined): void => {
    if (value !== undefined && value !== null && value !== '') labels.set(key, String(value))
  }
  for (const [column, name] of toldLabels) set(column, request[name])
  set('service_tier', request.serviceTier)
  if (!labels.has('feature')) set('feature', request.endpoint)
  for (const [key, value] of Object.entries(request.tags ?? {})) set(`tag.${key}`, value)
  set('tag.tier', request.tier)
  return labels
}
