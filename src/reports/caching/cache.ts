/** What caches save and cost: `llmcost cache`, and the section of the weekly report. */
import type { Bounds } from '../../domain/bounds.js'
import type { Dimension } from '../../domain/dimensions.js'
import type { Scope } from '../../domain/scope.js'
import type { BreakdownRow } from '../../metrics/breakdown.js'
import type { PromptCacheRow } from '../../metrics/caching/prompt-cache.js'
import type { ResponseCacheRow } from '../../metrics/caching/response-cache.js'
import { emptyText, footerOf, unheldBounds, warningsOf, type Doubts } from '../notes.js'
import { cacheFindings, promptFacts, promptNotes, promptSection } from './prompt-cache.js'
import type { Report, Section } from '../report.js'
import { hitKindSections, responseFacts, responseNotes, responseSection } from './response-cache.js'

export interface CacheFacts {
  readonly response: readonly ResponseCacheRow[]
  readonly prompt: readonly PromptCacheRow[]
}

/** Both caches in a list of facts; none where no call logs any. */
export function cachingSections({ response, prompt }: CacheFacts): Section[] {
  const facts = [...responseFacts(response), ...promptFacts(prompt)]
  if (facts.length === 0) return []
  return [
    {
      id: 'caching',
      title: 'Caching',
      layout: 'facts',
      columns: facts.map(([fact]) => fact),
      rows: [Object.fromEntries(facts.map(([{ key }, value]) => [key, value]))],
      notes: [...responseNotes(response), ...promptNotes(prompt)],
    },
  ]
}

interface CacheAnswer extends CacheFacts {
  readonly scope: Scope
  readonly by: readonly Dimension[]
  readonly groups: readonly BreakdownRow[]
  readonly bounds: Bounds
  readonly doubts: Doubts
}

export function cacheReport(answer: CacheAnswer): Report {
  const { scope, by, groups, response, prompt, bounds, doubts } = answer
  const empty = emptyText(doubts)
  const table = responseSection(by, groups)
  const sections = [
    { ...table, ...(table.rows.length === 0 ? {} : { notes: responseNotes(response) }) },
    ...hitKindSections(response),
    promptSection(by, prompt),
  ]
  return {
    kind: 'cache',
    title: 'Caching',
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: Number(doubts.calls ?? 0) === 0 ? [{ ...table, rows: [], empty }] : sections,
    // What is too small to be named is said in dollars.
    findings: scope.currency === undefined ? cacheFindings(prompt, bounds) : [],
    warnings: warningsOf(doubts),
    footer: [...footerOf(doubts.history), ...unheldBounds(['prompt_cache_loss_usd'], scope.currency)],
  }
}
