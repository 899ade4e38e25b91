/** What `llmcost optimize` takes: which strategies, with what assumptions, on which candidates. */
import { readAssumptions, shareOf } from '../../optimize/assumptions.js'
import type { Asking } from '../../optimize/gains.js'
import { strategies, strategyOf } from '../../optimize/registry.js'
import type { Candidate, Strategy } from '../../optimize/strategy.js'
import { UserError } from '../../errors.js'
import type { PriceBook } from '../../pricing/book.js'
import { askingsOf } from '../../questions/optimizing.js'
import type { Invocation, OptionSpec } from '../command.js'
import { optionCount, optionText, optionTexts } from '../option-values.js'

const about = (flags: string, about: string, more: Partial<OptionSpec> = {}): OptionSpec => ({
  flags,
  about,
  group: 'Question',
  ...more,
})

export const optimizeOptions: readonly OptionSpec[] = [
  about('--strategy <id...>', 'these alone: an id, or several', { repeatable: true }),
  about('--explain <id>', 'what is behind one: assumptions, calls, ten examples, the SQL'),
  about('--assume <name=value>', 'another assumption, such as response-caching.ttl=6h', { repeatable: true }),
  about('--combine', 'the saving of all of them together, nothing twice'),
  about('--plan', 'what to do first, and the cost a month after each step'),
  about('--candidates <models>', 'models for model-routing, such as openai/gpt-4o-mini,claude-haiku-4-5'),
  about('--share <shares>', 'of the shortest calls, for one candidate after the other: 90%,8%'),
  about('--routes <file>', 'write the routing table of model-routing to a JSON file'),
  about('-n, --top <n>', 'how many changes of each strategy to list', { fallback: '3' }),
]

export interface OptimizeRequest {
  readonly askings: readonly Asking[]
  readonly explains: boolean
  readonly named: boolean
  readonly combines: 'combine' | 'plan' | undefined
  readonly top: number
  /** As typed. */
  readonly candidates: readonly string[]
  readonly shares: readonly bigint[]
  readonly routes: string | undefined
}

const wrong = (message: string, hint: string): UserError => new UserError(message, { code: 'usage', hint })

/** @throws UserError (usage) */
export function requestOf(invocation: Invocation): OptimizeRequest {
  const named = optionTexts(invocation, 'strategy').flatMap((text) => text.split(','))
  const explain = optionText(invocation, 'explain')
  const [combine, plan] = [invocation.options['combine'] === true, invocation.options['plan'] === true]
  if (explain !== undefined && (named.length > 0 || combine || plan))
    throw wrong(
      '--explain tells of one strategy, and goes with no --strategy, --combine or --plan',
      `Ask llmcost optimize --explain ${strategyOf(explain, '--explain').id} by itself.`,
    )
  if (combine && plan)
    throw wrong('--combine and --plan are two answers', '--plan combines, too: with the least effort first.')
  const chosen: readonly Strategy[] =
    explain !== undefined
      ? [strategyOf(explain, '--explain')]
      : named.length === 0
        ? strategies
        : [...new Set(named)].map((id) => strategyOf(id.trim(), '--strategy'))
  const values = readAssumptions(chosen, optionTexts(invocation, 'assume'))
  return {
    askings: askingsOf(chosen, values),
    explains: explain !== undefined,
    named: named.length > 0,
    combines: combine ? 'combine' : plan ? 'plan' : undefined,
    top: optionCount(invocation, 'top') ?? 3,
    ...routingOf(invocation, chosen),
  }
}

function routingOf(
  invocation: Invocation,
  chosen: readonly Strategy[],
): Pick<OptimizeRequest, 'candidates' | 'shares' | 'routes'> {
  const candidates = list(optionText(invocation, 'candidates'))
  const given = list(optionText(invocation, 'share'))
  const routes = optionText(invocation, 'routes')
  const isAsked = chosen.some(({ id }) => id === 'model-routing')
  if (!isAsked && (candidates.length > 0 || given.length > 0 || routes !== undefined))
    throw wrong(
      '--candidates, --share and --routes are of model-routing, which is not asked',
      'Ask it: llmcost optimize --strategy model-routing.',
    )
  const shares = given.map(shareOf)
  if (shares.length > candidates.length)
    throw wrong(
      '--share has more shares than --candidates has models',
      'Give a model for each share, in the same order.',
    )
  if (shares.length > 0 && shares.length < candidates.length)
    throw wrong(
      '--candidates has more models than --share has shares',
      'Give a share for each model, in the same order.',
    )
  if (shares.reduce((sum, one) => sum + one, 0n) > 1_000_000n)
    throw wrong(`--share ${given.join(',')} is more than all calls`, 'Shares add up to at most 100%: 90%,8%.')
  return { candidates, shares, routes }
}

const list = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

/** Candidates with their providers. @throws UserError (usage) for a model without any price */
export function candidatesOf(book: PriceBook, typed: readonly string[]): Candidate[] {
  return typed.map((text) => {
    const slash = text.indexOf('/')
    const ways: readonly (readonly [string | null, string])[] =
      slash < 0
        ? [[null, text]]
        : [
            [text.slice(0, slash), text.slice(slash + 1)],
            [null, text],
          ]
    for (const [provider, model] of ways) {
      const found = book.resolve(provider, model)
      if (found.rates.length > 0 && found.provider !== null) return { provider: found.provider, model }
    }
    const closest = book.closest(text, 3)
    throw wrong(
      `--candidates ${text} has no known price`,
      closest.length > 0
        ? `The closest: ${closest.join(', ')}. llmcost prices lists all.`
        : 'llmcost prices lists the models that have one.',
    )
  })
}
