/** Counts the tokens of a prompt, as a model would. */
import { counterOf, hasLongWords } from './encodings.js'
import { estimateTokens, measuredErrors, type TextKind } from './estimator.js'
import type { Message, Prompt } from './prompt.js'
import { tokenizerOf, type Tokenizer } from './tokenizers.js'

/** Tokens of one model's prompt. */
export interface Count {
  readonly tokens: number
  /** Of each message, its framing included; none of a text. */
  readonly messages: readonly number[]
  /** What is there once: the beginning of the answer, and tools. */
  readonly once: number
  readonly tokenizer: Tokenizer
  /** Largest relative error that was measured on text like this; 0 where the count is exact. */
  readonly error: number
  /** Why it is not exact, or not quite; empty where it is. */
  readonly doubts: readonly string[]
}

/**
 * Around each message of a chat: three tokens, its role, and a name with one more; three at the end, which begin the
 * answer. As OpenAI publishes it (cookbook, How to count tokens with tiktoken); others are taken to be alike.
 */
const perMessage = 3
const perName = 1
const perAnswer = 3

export async function countPrompt(prompt: Prompt, model: string): Promise<Count> {
  const tokenizer = tokenizerOf(model)
  const doubts = new Set<string>()
  const found = new Map<TextKind, number>()
  const counter = tokenizer.kind === 'exact' ? await counterOf(tokenizer.encoding) : undefined
  const count = (text: string): number => {
    if (counter !== undefined) {
      if (hasLongWords(text)) doubts.add('words of thousands of letters are counted in pieces')
      return counter(text)
    }
    const { tokens, kind } = estimateTokens(
      text,
      tokenizer.kind === 'estimate' ? tokenizer.profile : 'general',
    )
    found.set(kind, (found.get(kind) ?? 0) + tokens)
    return tokens
  }
  const messages = prompt.kind === 'text' ? [] : prompt.messages.map((message) => ofMessage(message, count))
  const tools = prompt.kind === 'messages' && prompt.tools !== null ? count(prompt.tools) : 0
  const once = prompt.kind === 'text' ? count(prompt.text) : perAnswer + tools
  if (prompt.kind === 'messages') {
    if (tools > 0) doubts.add('tools are counted as their JSON, which providers shorten')
    const others = new Set(prompt.messages.flatMap((message) => message.others))
    if (others.size > 0) doubts.add(`not counted: ${[...others].slice(0, 4).join(', ')}`)
    if (prompt.messages.some(({ raw }) => hasCalls(raw))) doubts.add('tool calls are counted as their JSON')
    if (tokenizer.kind === 'exact' && tokenizer.framing === 'likely')
      doubts.add('the text is exact; what is around messages may differ by a token or two')
  }
  return {
    tokens: messages.reduce((sum, n) => sum + n, once),
    messages,
    once,
    tokenizer,
    error: errorOf(tokenizer, found),
    doubts: [...doubts],
  }
}

const hasCalls = (raw: unknown): boolean =>
  typeof raw === 'object' && raw !== null && 'tool_calls' in raw && raw.tool_calls !== null

function ofMessage({ role, texts, name }: Message, count: (text: string) => number): number {
  const named = name === null ? 0 : count(name) + perName
  return perMessage + count(role) + texts.reduce((sum, text) => sum + count(text), 0) + named
}

/** Of the kinds of text in it, each by its tokens: the mean of their worst. */
function errorOf(tokenizer: Tokenizer, found: ReadonlyMap<TextKind, number>): number {
  if (tokenizer.kind === 'exact') return 0
  const all = [...found].reduce((sum, [, tokens]) => sum + tokens, 0)
  if (all === 0) return 0
  return [...found].reduce((sum, [kind, tokens]) => sum + (measuredErrors[kind] * tokens) / all, 0)
}
