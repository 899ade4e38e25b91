/** Which messages of a chat must go for it to fit: the oldest turns first. What the system says and the last turn stay. */
import type { Count } from './count.js'
import type { Message, Prompt } from './prompt.js'

export interface Fit {
  /** Places of the messages that stay, and of those that go, in their order. */
  readonly kept: readonly number[]
  readonly dropped: readonly number[]
  /** Tokens of what stays. */
  readonly tokens: number
  /** False: the system's words and the last turn alone are too long. */
  readonly fits: boolean
}

const isSystem = ({ role }: Message): boolean => role === 'system' || role === 'developer'

/**
 * A turn is what a user says and all that follows until a user speaks again, so that no answer of a tool stays
 * without its call.
 */
export function fitMessages(messages: readonly Message[], count: Count, most: number): Fit {
  const turns: number[][] = []
  let before = 'assistant'
  for (const [i, message] of messages.entries()) {
    if (isSystem(message)) continue
    const begins = message.role === 'user' && before !== 'user' && !isToolResult(message)
    if (turns.length === 0 || begins) turns.push([])
    turns.at(-1)!.push(i)
    before = isToolResult(message) ? 'tool' : message.role
  }
  let tokens = count.tokens
  const dropped: number[] = []
  for (const turn of turns.slice(0, -1)) {
    if (tokens <= most) break
    for (const i of turn) {
      dropped.push(i)
      tokens -= count.messages[i] ?? 0
    }
  }
  const gone = new Set(dropped)
  const kept = messages.flatMap((_, i) => (gone.has(i) ? [] : [i]))
  return { kept, dropped, tokens, fits: tokens <= most }
}

/** Anthropic's results of tools come as a user's message. */
function isToolResult({ role, raw }: Message): boolean {
  if (role !== 'user' || typeof raw !== 'object' || raw === null) return false
  const content = (raw as { content?: unknown }).content
  return (
    Array.isArray(content) &&
    content.some(
      (part) =>
        typeof part === 'object' && part !== null && (part as { type?: unknown }).type === 'tool_result',
    )
  )
}

/** The prompt as it was given, with these messages alone. */
export function withMessages(
  prompt: Extract<Prompt, { kind: 'messages' }>,
  kept: readonly number[],
): unknown {
  // What stands above the messages (Anthropic's system) is none of the list.
  const list = kept.map((i) => prompt.messages[i]!.raw).filter((raw) => raw !== null)
  return Array.isArray(prompt.raw) ? list : { ...(prompt.raw as object), messages: list }
}
