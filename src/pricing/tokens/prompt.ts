/** A prompt as people keep it: plain text, or the messages of a chat as OpenAI's and Anthropic's requests have them. */

export interface Message {
  readonly role: string
  /** Its text, part after part. */
  readonly texts: readonly string[]
  readonly name: string | null
  /** Parts that are no text (`image_url`), which are not counted. */
  readonly others: readonly string[]
  /** As it was given. */
  readonly raw: unknown
}

export type Prompt =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'messages'
      readonly messages: readonly Message[]
      /** Definitions of tools, as their JSON; null where there are none. */
      readonly tools: string | null
      /** The whole as it was given, to put other messages into. */
      readonly raw: unknown
    }

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** JSON with messages is a chat; all else, other JSON included, is text. */
export function readPrompt(content: string): Prompt {
  const text = content.replace(/^\u{feff}/u, '')
  if (!/^\s*[[{]/.test(text)) return { kind: 'text', text }
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    return { kind: 'text', text }
  }
  const list = Array.isArray(raw) ? (raw as unknown[]) : isFields(raw) ? raw['messages'] : undefined
  if (!Array.isArray(list) || list.length === 0 || !list.every(isMessage)) return { kind: 'text', text }
  const fields = isFields(raw) ? raw : {}
  const messages = (list as Fields[]).map(messageOf)
  const system = fields['system']
  const above = system === undefined ? [] : [{ ...messageOf({ role: 'system', content: system }), raw: null }]
  const tools = fields['tools'] ?? fields['functions']
  return {
    kind: 'messages',
    messages: [...above, ...messages],
    tools: tools === undefined || tools === null ? null : JSON.stringify(tools),
    raw,
  }
}

const isMessage = (one: unknown): boolean => isFields(one) && typeof one['role'] === 'string'

function messageOf(raw: Fields): Message {
  const content = raw['content']
  const parts: readonly unknown[] = Array.isArray(content) ? content : [content]
  const texts: string[] = []
  const others: string[] = []
  for (const part of parts) {
    if (typeof part === 'string') texts.push(part)
    else if (isFields(part) && typeof part['text'] === 'string') texts.push(part['text'])
    else if (isFields(part) && (part['type'] === 'tool_use' || part['type'] === 'tool_result'))
      texts.push(JSON.stringify(part['input'] ?? part['content'] ?? ''))
    else if (isFields(part)) others.push(typeof part['type'] === 'string' ? part['type'] : 'part')
  }
  const calls = raw['tool_calls']
  if (calls !== undefined && calls !== null) texts.push(JSON.stringify(calls))
  const name = raw['name']
  return { role: String(raw['role']), texts, name: typeof name === 'string' ? name : null, others, raw }
}
