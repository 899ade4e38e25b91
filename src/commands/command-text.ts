/** The command that asked, as it can be typed again. */
import { shellWord } from '../domain/words/quoting.js'
import { outputOptions, type Invocation, type OptionSpec } from './command.js'

const outputs = new Set(outputOptions)

/** With the options that bear on the answer, those of its output left out. */
export function commandText(name: string, invocation: Invocation, options: readonly OptionSpec[]): string {
  const words = options.flatMap((option): string[] => {
    const flag = /--[\w-]+/.exec(option.flags)?.[0]
    if (flag === undefined || outputs.has(option)) return []
    const key = flag.slice(2).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    return invocation.given(key) ? wordsOf(flag, invocation.options[key], option) : []
  })
  return ['llmcost', name, ...words].join(' ')
}

function wordsOf(flag: string, value: unknown, { flags, repeatable }: OptionSpec): string[] {
  const values = (Array.isArray(value) ? value : [value]) as readonly unknown[]
  if (!flags.includes('<')) return value === true ? [flag] : []
  const said = values.flatMap((one) => (typeof one === 'string' ? [shellWord(one)] : []))
  return repeatable ? said.flatMap((one) => [flag, one]) : [flag, ...said]
}
