/** The whole answer of `llmcost caps`. */
import { capsSet, sameForAll } from '../../domain/budgets/cap-limits.js'
import { count } from '../../domain/words/wording.js'
import type { CappedCallsRow } from '../../metrics/budgets/caps.js'
import { capsSection, capsSections, type CapsAnswer } from './caps.js'
import { capsFindings } from './caps-findings.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Report } from '../report.js'

export function capsReport(answer: CapsAnswer, doubts: Doubts): Report {
  const { scope } = answer
  const nothing = Number(answer.measured.calls) === 0
  const summary = capsSection(answer)
  const { columns, id, title } = summary
  const empty = emptyText(doubts)
  return {
    kind: 'caps',
    title: 'Users over their caps',
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: nothing ? [{ id, title, columns, rows: [], empty }] : [summary, ...capsSections(answer)],
    findings: nothing ? [] : capsFindings(answer),
    warnings: [
      ...warningsOf(doubts),
      ...(capsSet(answer.limits).length === 0 ? [] : userWarnings(answer.measured)),
    ],
    footer: footerOf(doubts.history),
  }
}

/** That some calls name no user. */
export function userWarnings(measured: CappedCallsRow): string[] {
  const without = Number(measured.calls_without_user)
  if (without === 0) return []
  return [`${count(without)} of ${count(measured.calls)} calls name no user: no cap was held against them`]
}

/** What stands in the place of an answer when no cap is set. */
export function noCapsReport(tz: string): Report {
  const section = capsSection({ limits: sameForAll({}), rows: [], measured: noCalls })
  return {
    kind: 'caps',
    title: 'Users over their caps',
    period: { since: null, until: null, tz },
    sections: [
      {
        ...section,
        empty: 'No cap is set.',
        notes: [
          'for one answer: llmcost caps --cap daily_usd=5 --cap request_tokens=100000',
          'for good, in llmcost.config.json: "user_caps": { "daily_usd": 5 }',
        ],
      },
    ],
    findings: [],
    warnings: [],
  }
}

const noCalls: CappedCallsRow = {
  calls: 0,
  unpriced_calls: 0,
  partly_priced_calls: 0,
  calls_without_user: 0,
  users: 0,
}
