/** The whole answer of `llmcost simulate`. */
import type { Doubts } from '../notes.js'
import { emptyText, footerOf, warningsOf } from '../notes.js'
import type { Period, Report, Section } from '../report.js'
import { leversSection, scenariosSection, scenarioWarnings, type ScenariosFacts } from './scenarios.js'

const title = 'What if'

export function simulationReport(
  facts: ScenariosFacts,
  period: Period,
  about: {
    readonly doubts?: Doubts
    readonly before?: readonly Section[]
    readonly warnings?: readonly string[]
    readonly footer?: readonly string[]
  },
): Report {
  const { doubts } = about
  const scenarios = scenariosSection(facts)
  if (doubts !== undefined && Number(doubts.calls ?? 0) === 0) {
    return {
      kind: 'simulation',
      title,
      period,
      sections: [{ ...scenarios, rows: [], notes: [], empty: emptyText(doubts) }],
      warnings: warningsOf(doubts),
      footer: footerOf(doubts.history),
    }
  }
  return {
    kind: 'simulation',
    title,
    period,
    sections: [
      ...(about.before ?? []),
      scenarios,
      ...(facts.scenarios.length === 0 ? [] : [leversSection(facts)]),
    ],
    warnings: [
      ...(doubts === undefined ? [] : warningsOf(doubts)),
      ...(about.warnings ?? []),
      ...scenarioWarnings(facts),
    ],
    footer: about.footer ?? (doubts === undefined ? [] : footerOf(doubts.history)),
  }
}
