/** What a request asked a model for, out of its parameters as JSON: they may hold the prompt. */
import { isLosslessNumber, parse, stringify } from 'lossless-json'

const read = ['model', 'max_tokens', 'max_completion_tokens', 'max_output_tokens', 'temperature', 'service_tier'] // prettier-ignore

/** Longest word of them. */
const longest = 200

/** The parameters that are read, as JSON; empty where the text is none. */
export function parametersAsked(text: string): string {
  const parameters = objectOf(text)
  if (parameters === undefined) return ''
  const kept = read.flatMap((name) => {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    const isPlain = (typeof value === 'string' && value.length <= longest) || typeof value === 'boolean' || isLosslessNumber(value) // prettier-ignore
    return isPlain ? [[name, value]] : []
  })
  return stringify(Object.fromEntries(kept)) ?? ''
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value = parse(text, undefined, { onDuplicateKey: ({ newValue }) => newValue })
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
