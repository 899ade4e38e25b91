/**
 * Shapes of other tools that the generic reader would take for something else: twice (parents that sum their
 * children), a hundred times too high (cents), or days for calls. Each is known by its signature and refused by
 * name. A log that is not read yet loses its line when an importer of that id stands in the registry; a bill
 * is never a call.
 */
import { foreignBills } from './foreign-bills.js'
import { foreignLogs } from './foreign-logs.js'
import { isObject } from '../sample-values.js'
import type { Sample } from '../survey.js'

/** A record of a sample, or an object in a list of it. */
export type Candidate = Readonly<Record<string, unknown>>

export interface Signature {
  /** The id that an importer of this format would have. */
  readonly id: string
  /** What it is, with its article: "a run export of LangSmith". */
  readonly about: string
  /** Why reading it as it stands would go wrong. */
  readonly why?: string
  /**
   * `not-read-yet`: calls that wait for an importer; `bill`: sums and amounts, never calls; `balance`: money up to a
   * moment, of no period, so that no bill can be made of it either; `no-calls`: none of these.
   */
  readonly kind: 'not-read-yet' | 'bill' | 'balance' | 'no-calls'
  /** What to do instead: whole sentences. */
  readonly next: string
  readonly matches: (record: Candidate, sample: Sample) => boolean
}

/**
 * The signature that a sample bears, if any.
 * @param importerIds formats that are read: theirs count no longer
 */
export function foreignShape(sample: Sample, importerIds: readonly string[]): Signature | undefined {
  const records = candidates(sample)
  return [...foreignBills, ...foreignLogs].find(
    (signature) =>
      !(signature.kind === 'not-read-yet' && importerIds.includes(signature.id)) &&
      records.some((record) => signature.matches(record, sample)),
  )
}

/** What is said of a file with this signature: the error's sentence. */
export function foreignWords({ about, why, kind }: Signature): string {
  const because = why === undefined ? '' : `: ${why}`
  if (kind === 'bill') return `this is a bill, not calls: ${about}${because}`
  if (kind === 'balance') return `this is a balance, neither a bill nor calls: ${about}${because}`
  return `this is ${about}, which is not read${kind === 'no-calls' ? '' : ' yet'}${because}`
}

/** Objects of a list that are looked at. */
const looked = 20

/** The records, the objects in their lists (pages hold their rows so), and a lone object in `data`. */
function candidates(sample: Sample): Candidate[] {
  if (sample.kind === 'csv') {
    const blank = Object.fromEntries(sample.header.map((name) => [name, undefined]))
    return sample.records.length > 0 ? sample.records.map((row) => ({ ...blank, ...row })) : [blank]
  }
  return sample.records.flatMap((record) => [
    record,
    ...Object.values(record).flatMap((value) =>
      Array.isArray(value) ? value.filter(isObject).slice(0, looked) : [],
    ),
    ...(isObject(record['data']) ? [record['data']] : []),
  ])
}
