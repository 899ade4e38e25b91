/**
 * rules: what `llmcost check` watches for. A rule says what is measured, for which calls, and when it fires;
 * what fired is the one contract between checking and telling people.
 *
 * This file holds that contract.
 */
import type { Severity } from '../domain/rules/severity.js'
import type { Finding } from '../reports/report.js'

/** One rule that holds now, for one subject: a state, not an event. */
export interface FiredRule {
  /** Same rule and subject, same key, run after run: what a message is kept apart by. */
  readonly key: string
  /** Name of the rule in the config file, or its kind. */
  readonly rule: string
  readonly kind: string
  readonly severity: Severity
  /** The dimension and value it is about; null for all calls. */
  readonly dimension: string | null
  readonly value: string | null
  /** Figure and bound, exact digits where they are money; null where there is none. */
  readonly measured: string | number | null
  readonly bound: string | number | null
  /** Since when it holds, ISO 8601 UTC. */
  readonly since: string
  /** The message for people, from the rule's template. */
  readonly text: string
  /** Further keys for programs. */
  readonly details?: Finding['details']
}
