/** What a request asked a model for, out of its parameters as JSON: they may hold the prompt. */
import { isLosslessNumber, parse, stringify } from 'lossless-json'
import { addedShape } from '../importers/platforms/otel-names.js'

const read = ['model', 'max_tokens', 'max_completion_tokens', 'max_output_tokens', 'temperature', 'service_tier'] // prettier-ignore

/** Longest word of them. */
const longest = 200

/** The parameters that are read, as JSON; empty where the text is none. */
export function parametersAsked(text: string): string {
  const parameters = objectOf(text)
  if (parameters === undefined) return ''
  const kept = read.flatMap((name) => {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
    return isPlain(value) ? [[name, value]] : []
  })
  return stringify(Object.fromEntries(kept)) ?? ''
}

const isPlain = (value: unknown): boolean =>
  (typeof value === 'string' && value.length <= longest) || typeof value === 'boolean' || isLosslessNumber(value) // prettier-ignore

interface Shape {
  readonly [name: string]: string | Shape
}

/** What a provider added to the answer, as JSON: the counts, costs and modes that are read; empty where it is none. */
export function countsAdded(text: string): string {
  const whole = objectOf(text)
  return whole === undefined ? '' : (stringify(within(whole, addedShape)) ?? '')
}

const within = (values: Record<string, unknown>, shape: Shape): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(shape).flatMap(([name, inner]) => {
      const value = Object.hasOwn(values, name) ? values[name] : undefined
      if (typeof inner === 'string') return isPlain(value) ? [[name, value]] : []
      return isObject(value) ? [[name, within(value, inner)]] : []
    }),
  )

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value)

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value = parse(text, undefined, { onDuplicateKey: ({ newValue }) => newValue })
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
