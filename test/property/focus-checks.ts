/** What becomes of each rule of FOCUS in the tests of the export, and the checks of those that a file shows. */
import { focusVersions, type FocusVersion } from '../../src/metrics/exports/focus-columns.js'
import { notShown, ownChecks } from './focus-beyond.js'
import type { FocusFile } from './focus-file.js'
import { breaking, fault, leftOut, modelRules, type ModelRule } from './focus-model.js'

type Verdict = 'permission' | 'left out' | 'not supported' | 'checked' | 'own check' | 'not shown'

/** What llmcost knows no case of: it gives accounts no names, and logs tell of no commitments. */
const unsupported = ['ACCOUNT_NAMING_SUPPORTED', 'COMMITMENT_DISCOUNT_SUPPORTED']

/** What becomes of a rule: all but the checked ones have a reason. */
export function verdictOf(
  id: string,
  { Reference, Keyword, Requirement, ApplicabilityCriteria = [] }: ModelRule,
  version: FocusVersion,
): Verdict[] {
  if (Keyword === 'MAY') return ['permission']
  if (leftOut(version).includes(Reference)) return ['left out']
  if (unsupported.some((one) => ApplicabilityCriteria.includes(one))) return ['not supported']
  if (Requirement != null) return ['checked']
  return [
    ...ownChecks.filter(({ ids }) => ids.test(id)).map((): Verdict => 'own check'),
    ...notShown.filter(([, ids]) => ids.test(id)).map((): Verdict => 'not shown'),
  ]
}

const rulesWith = (version: FocusVersion, verdict: Verdict): [id: string, rule: ModelRule][] =>
  Object.entries(modelRules(version)).filter(([id, rule]) => verdictOf(id, rule, version).includes(verdict))

const checksOf = (version: FocusVersion): typeof ownChecks =>
  ownChecks.filter(({ ids }) => rulesWith(version, 'own check').some(([id]) => ids.test(id)))

const checked = Object.fromEntries(
  focusVersions.map((version) => [version, { rules: rulesWith(version, 'checked'), own: checksOf(version) }]),
) as Record<FocusVersion, { rules: [string, ModelRule][]; own: typeof ownChecks }>

/** Rules that the file breaks, with the row that does. */
export function brokenRules(version: FocusVersion, file: FocusFile): string[] {
  const { rules, own } = checked[version]
  const faults = rules.flatMap(([id, rule]) => {
    const found = fault(rule, file)
    return found === undefined ? [] : [`${id}: ${rule.MustSatisfy}: ${found}`]
  })
  return [...faults, ...own.filter(({ keeps }) => !keeps(file)).map(({ ids }) => String(ids))]
}

/** Checks that do not see that their rule is broken; none, or they would prove nothing. */
export function blindChecks(version: FocusVersion, file: FocusFile): string[] {
  const { rules, own } = checked[version]
  return [
    ...rules.filter(([, rule]) => fault(rule, breaking(rule, file)) === undefined).map(([id]) => id),
    ...own.filter(({ keeps, breaks }) => keeps(breaks(file))).map(({ ids }) => String(ids)),
  ]
}
