/**
 * The ways in which one model name may be written. Routers, SDKs and clouds put prefixes and suffixes
 * around the name that the price data know.
 */
import type { Catalogue } from './catalogue.js'
import { canonicalProvider, isKnownProvider } from './providers.js'

export interface Spelling {
  /** In lower case. */
  readonly name: string
  /** What was changed, for `explain`; empty for the name as logged. */
  readonly how: string
}

/** Rewrites that keep the model, tried one after the other, each on what the one before it left. */
const rewrites: readonly (readonly [RegExp, string, string])[] = [
  [/^arn:aws[^/]*\/(?:.*\/)?([^/]+)$/, '$1', 'the last part of the ARN'],
  [/^(?:.*\/)?deployments\/([^/]+)$/, '$1', 'the deployment of the path'],
  [/^(?!accounts\/)(?:.*\/)?models\/([^/]+)$/, '$1', 'the model of the path'],
  [/^(.+)@(?:default|latest)$/, '$1', 'without the version alias'],
  [/^(.+)@(20\d{6})$/, '$1-$2', 'with the version as a date'],
  [/^(claude-.+)\[1m\]$/, '$1', 'without the context size'],
  [/^gpt-35-/, 'gpt-3.5-', "Azure's spelling of gpt-3.5"],
  [/^gemini-1\.5-flash-8b(?:-(?:latest|\d{3}))?$/, 'gemini-flash-1.5-8b', "the price data's spelling"],
]

/** How a deployment at Azure spreads its calls, as LiteLLM writes it. */
const dataZone = /^(?:global(?:-standard)?|us|eu)\//

/** Whether an Azure deployment stays in a data zone, which costs more. */
export const isZoned = (name: string): boolean => /^(?:azure[_a-z]*\/)?(?:us|eu)\//.test(name)

const snapshot = /^(.+?)[-@](20\d{2})-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])$/

/** The name as logged first, then every rewriting of it, without changing which model is meant. */
export function spellingsOf(catalogue: Catalogue, provider: string, model: string): Spelling[] {
  const out: Spelling[] = []
  const add = (name: string, how: string): void => {
    if (name !== '' && !out.some((one) => one.name === name)) out.push({ name, how })
  }
  let name = model.trim().toLowerCase()
  add(name, '')
  for (let prefix = splitPrefix(catalogue, name); prefix?.provider === provider;) {
    name = prefix.rest
    add(name, `without the prefix "${prefix.head}"`)
    prefix = splitPrefix(catalogue, name)
  }
  for (const [pattern, replacement, how] of rewrites) {
    const next = name.replace(pattern, replacement)
    if (next !== name) add(next, how)
    name = next
  }
  if (provider === 'azure') {
    // `azure/global/…` and `azure/eu/…`: how the deployment spreads its calls, not another model.
    name = name.replace(dataZone, '')
    add(name, 'without the data zone')
  }
  if (provider === 'aws') {
    // `bedrock/converse/…` and `bedrock/us-east-1/…`; a global endpoint has its own price and stays.
    name = name.replace(/^(?:converse|invoke|[a-z]{2}(?:-gov)?-[a-z]+-\d)\//, '')
    add(name, 'without the route')
    add(name.replace(/^(us|eu|apac|au|jp|in|ca|sa|us-gov)\./, ''), 'without the region')
  }
  const dashed = name.replace(snapshot, '$1-$2-$3-$4')
  add(dashed, 'with the date in dashes')
  return out
}

/**
 * What the price data do not cover of a Bedrock name that says where it runs: prices are those of the US, and
 * only Claude costs the same in other commercial regions. Null where nothing is to be said.
 */
export function isPlacedAbroad(provider: string, name: string, matched: string): string | null {
  if (provider !== 'aws' || matched.includes('/regional.amazon')) return null
  const place = /(?:^|[/.])(us-gov|eu|apac|au|jp|in|ca|sa|ap|me|af)(?:-[a-z]+-\d)?[./]/.exec(name)?.[1]
  if (place === undefined || (place !== 'us-gov' && matched.includes('claude'))) return null
  return `region=${place}`
}

/** The name without its snapshot date, for when the dated name has no price of its own. */
export function withoutDate(name: string): string | undefined {
  return snapshot.exec(name)?.[1]
}

export interface Prefix {
  readonly head: string
  readonly provider: string
  readonly rest: string
}

/** `openai/gpt-4o` as a provider that the price data know and the rest. */
export function splitPrefix(catalogue: Catalogue, name: string): Prefix | undefined {
  const cut = name.indexOf('/')
  if (cut < 1 || cut === name.length - 1) return undefined
  const head = name.slice(0, cut)
  if (head === 'models' || head === 'accounts' || head.startsWith('arn:')) return undefined
  const provider = canonicalProvider(catalogue, head)
  return isKnownProvider(catalogue, provider) ? { head, provider, rest: name.slice(cut + 1) } : undefined
}
