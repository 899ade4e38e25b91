/** Who asks, and what for: carried along with whatever is done on their behalf. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { toldLabels } from '../domain/words/told-labels.js'
import type { CallRecord } from './record.js'

/** Labels of calls. What is left out is taken from the labels around, if any. */
export interface CostLabels {
  readonly feature?: string
  /** The route or path that was asked. */
  readonly endpoint?: string
  readonly user?: string
  readonly customer?: string
  readonly session?: string
  /** The session that this one was started by, such as that of an agent of its sub-agents. */
  readonly rootSession?: string
  readonly trace?: string
  /** The plan or tier of the user, such as free or pro; kept as the tag `tier`. */
  readonly tier?: string
  readonly team?: string
  readonly project?: string
  readonly environment?: string
  readonly promptName?: string
  /** Other short labels. */
  readonly tags?: Readonly<Record<string, string | number | boolean>>
}

const labels = new AsyncLocalStorage<CostLabels>()

/**
 * Runs `work`; all calls of tracked clients in it, however deep and late, bear these labels.
 * @returns what `work` returns
 */
export function withCost<T>(given: CostLabels, work: () => T): T {
  return labels.run(joined(labels.getStore() ?? {}, given), work)
}

/** The labels here, over those that hold everywhere. */
export const labelsHere = (everywhere: CostLabels): CostLabels => joined(everywhere, labels.getStore() ?? {})

function joined(around: CostLabels, given: CostLabels): CostLabels {
  const tags = { ...around.tags, ...given.tags }
  return { ...around, ...given, ...(Object.keys(tags).length > 0 ? { tags } : {}) }
}

/** A label is a short text: what is longer is cut, as it may be anything. */
const longest = 200

const short = (value: unknown): string => String(value).slice(0, longest)

/** Labels as fields of a record; empty ones are none. */
export function labelFields(given: CostLabels): Partial<CallRecord> {
  const fields: Partial<CallRecord> = {}
  for (const [column, name] of toldLabels) {
    const value: unknown = given[name]
    if (value !== undefined && value !== null && value !== '') fields[column] = short(value)
  }
  const tags = Object.entries({ ...given.tags, ...(given.tier === undefined ? {} : { tier: given.tier }) })
  if (tags.length > 0) fields.tags = Object.fromEntries(tags.map(([key, value]) => [key, short(value)]))
  return fields
}
