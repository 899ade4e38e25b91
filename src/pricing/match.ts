/**
 * Whether a model name means a model of the price data.
 *
 * The library takes the first rule that fits, and many of its rules fit any name that begins alike:
 * `gemini-1.5-flash*` also takes `gemini-1.5-flash-8b`, which costs half as much. So a match by part of
 * a name counts only when the rest of the name is a date, a snapshot number or a word that never moves
 * the price. Anything else is left unpriced: no price is better than another model's.
 */
import type { Catalogue, MatchLogic, ModelInfo, Provider } from './catalogue.js'
import { namesOf } from './catalogue.js'

/** The library's own reading of a rule: case does not count, save in regular expressions. */
export function matches(logic: MatchLogic, name: string): boolean {
  return holds(logic, name, () => true)
}

type Judge = (before: string, part: string, after: string) => boolean

function holds(logic: MatchLogic, name: string, judge: Judge): boolean {
  if ('or' in logic) return logic.or.some((one) => holds(one, name, judge))
  if ('and' in logic) return logic.and.every((one) => holds(one, name, judge))
  const lower = name.toLowerCase()
  if ('equals' in logic) return lower === logic.equals.toLowerCase()
  if ('regex' in logic) return new RegExp(logic.regex).test(name)
  if ('starts_with' in logic) {
    const part = logic.starts_with.toLowerCase()
    return lower.startsWith(part) && judge('', part, lower.slice(part.length))
  }
  if ('ends_with' in logic) {
    const part = logic.ends_with.toLowerCase()
    return lower.endsWith(part) && judge(lower.slice(0, -part.length), part, '')
  }
  const part = logic.contains.toLowerCase()
  const at = lower.indexOf(part)
  return at >= 0 && judge(lower.slice(0, at), part, lower.slice(at + part.length))
}

/** Endings that name a snapshot or a route of the same model at the same price. */
const sameModel =
  /^([-@:_]?(20\d{2}-?\d{2}-?\d{2}|(preview|exp)-\d{2}-(\d{2}|20\d{2})|preview|experimental|exp|latest|default|beta|stable|nightly|thinking|instruct|\d{3,4}|v\d(:\d)?)|:\d+k?)*$/

/** Names that a rule takes by their beginning and that are known to be meant. */
const confirmed = new Set(['claude-2.0', 'claude-2.1'])

/** Fine-tuned models cost more than their base, and carry names of their own. */
const fineTuned = /^ft:|\.ft-/

/**
 * Whether the name means this very model.
 * @returns `sure`, `resembles` (the library would say yes, by part of the name), or undefined
 */
function judgeName(model: ModelInfo, name: string): 'sure' | 'resembles' | undefined {
  if (!matches(model.match, name)) return undefined
  if (fineTuned.test(name)) return fineTuned.test(model.id) ? 'sure' : 'resembles'
  if (confirmed.has(name) || namesOf(model).some((known) => known.toLowerCase() === name)) return 'sure'
  const judge: Judge = (before, part, after) => /(^|[/.])$/.test(before) && isSnapshot(model, part, after)
  return holds(model.match, name, judge) ? 'sure' : 'resembles'
}

function isSnapshot(model: ModelInfo, part: string, after: string): boolean {
  // A number that begins inside the rule and goes on after it is one number: `…-4-1` + `0` is 10.
  const begun = /^\d/.test(after) ? (/\d+$/.exec(part)?.[0] ?? '') : ''
  if (!sameModel.test(begun + after)) return false
  const version = /-v(\d)/
  const wanted = version.exec(after)?.[1]
  const known = version.exec(model.id)?.[1]
  return wanted === undefined || known === undefined || wanted === known
}

export interface Found {
  readonly provider: Provider
  readonly model: ModelInfo
}

export interface Search {
  readonly found?: Found
  /** The first model that the library would have taken by part of its name. */
  readonly resembles?: Found
}

/** Looks a name up among a provider's models, then among those of the providers it resells. */
export function findModel(catalogue: Catalogue, provider: Provider, name: string): Search {
  const resold = (provider.fallback_model_providers ?? []).map((id) => catalogue.providers.get(id))
  let resembles: Found | undefined
  for (const seller of [provider, ...resold]) {
    for (const model of seller?.models ?? []) {
      const verdict = judgeName(model, name)
      if (verdict === undefined || seller === undefined) continue
      if (verdict === 'sure') return { found: { provider: seller, model } }
      resembles ??= { provider: seller, model }
    }
  }
  return resembles === undefined ? {} : { resembles }
}
