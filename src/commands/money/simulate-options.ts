/** Options of `llmcost simulate`, and the scenarios that they describe. */
import { resolve } from 'node:path'
import { readScenarios } from '../../config/scenarios.js'
import { leverKinds, readLever } from '../../domain/scenarios/read-lever.js'
import type { LeverKind, Scenario } from '../../domain/scenarios/lever.js'
import { surchargeNames, surchargeWords } from '../../domain/scenarios/surcharges.js'
import { UserError } from '../../errors.js'
import type { Invocation, OptionSpec } from '../command.js'
import { optionText, optionTexts } from '../option-values.js'
import { settingsOf } from '../settings.js'

const levers: Readonly<Record<LeverKind, readonly [value: string, about: string]>> = {
  'price-change': ['<model=change>', 'another price: gpt-4o=-20%; openai/* is all of a provider, * all'],
  move: ['<from=to>', "to another model: 'gpt-4o=gpt-4o-mini,share=80%,to_tier=batch'"],
  'cache-hit': ['<rate>', 'the response cache answers this share of calls: 0.4'],
  'input-tokens': ['<change>', 'shorter or longer prompts: -30%'],
  'output-tokens': ['<change>', 'shorter or longer answers: -30%'],
  volume: ['<factor>', 'so many times the calls: 4x'],
  'new-users': ['<n@filter>', 'users more, like those of today: 1000@tier=free'],
  fixed: ['<amount>', 'money beside the calls: 2000/month'],
}

const leverOptions: readonly OptionSpec[] = leverKinds.map((kind) => ({
  flags: `--${kind} ${levers[kind][0]}`,
  about: levers[kind][1],
  repeatable: true as const,
  group: 'Scenario',
}))

export const scenarioOptions: readonly OptionSpec[] = [
  ...leverOptions,
  { flags: '--scenarios <file>', about: 'scenarios by name, YAML or JSON, side by side', group: 'Scenario' },
  {
    flags: '--prices <when>',
    about: 'prices then or now',
    choices: ['call', 'today'],
    fallback: 'call',
    group: 'Scenario',
  },
  {
    flags: '--multipliers',
    about: 'measure on the log what estimates leave out',
    group: 'Scenario',
  },
]

export const plannedOptions: readonly OptionSpec[] = [
  {
    flags: '--calls <n>',
    about: 'without a log: calls a month, of --input 500 --output 300 tokens',
    group: 'Planned calls',
  },
  { flags: '--model <model>', about: 'with --calls: the model', group: 'Planned calls' },
  ...surchargeNames.map((name) => ({
    flags: `--${name} <share>`,
    about: `${surchargeWords[name]}, of the naive cost: 40%`,
    group: 'Planned calls',
  })),
]

const camel = (kind: string): string => kind.replaceAll(/-[a-z]/g, (dash) => dash.slice(1).toUpperCase())

/** The levers on the command line, as one scenario, and those of `--scenarios`. @throws UserError (usage) */
export async function scenariosOf(invocation: Invocation): Promise<readonly Scenario[]> {
  const { config } = await settingsOf(invocation)
  const given = leverKinds.flatMap((kind) =>
    optionTexts(invocation, camel(kind)).map((text) => readLever(kind, text, config.groups)),
  )
  const file = optionText(invocation, 'scenarios')
  const saved = file === undefined ? [] : await readScenarios(resolve(file), config.groups)
  return [...(given.length === 0 ? [] : [{ name: 'what if', levers: given }]), ...saved]
}

/** Tokens a call, which `--input` and `--output` are with `--calls`. */
export interface CallSize {
  readonly input: number
  readonly output: number
}

const sizeForm = /^\d{1,9}$/

/**
 * With `--calls`, `--input 500` and `--output 300` are tokens, no files: they are put aside under `inputTokensACall`
 * and `outputTokensACall`, where they are whole numbers.
 */
export function asPlanned(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { input, output, ...others } = options
  if (options['calls'] === undefined) return { ...options }
  const isSize = (value: unknown): value is string => typeof value === 'string' && sizeForm.test(value)
  const [size] = Array.isArray(input) && input.length === 1 ? (input as unknown[]) : []
  return {
    ...others,
    ...(isSize(size) ? { inputTokensACall: size } : input === undefined ? {} : { input }),
    ...(isSize(output) ? { outputTokensACall: output } : output === undefined ? {} : { output }),
  }
}

/** @throws UserError (usage) where one is missing */
export function callSizeOf(invocation: Invocation): CallSize {
  const [input, output] = [
    optionText(invocation, 'inputTokensACall'),
    optionText(invocation, 'outputTokensACall'),
  ]
  if (input === undefined || output === undefined)
    throw new UserError('--calls goes with the tokens of a call', {
      code: 'usage',
      hint: 'For example --calls 10000 --input 500 --output 300 --model gpt-4.',
    })
  return { input: Number(input), output: Number(output) }
}
