/** Failed calls by kind of error, with the retries that follow each. */
import { count } from '../../domain/words/wording.js'
import type { ErrorKindRow } from '../../metrics/failures/error-kinds.js'
import type { RetryRow } from '../../metrics/failures/retries.js'
import { column } from '../columns.js'
import type { Row, Section } from '../report.js'
import { added, type ErrorsAnswer } from './retries.js'

const kindColumns = [
  { ...column('kind', 'kind of error', 'text'), dimension: true as const },
  column('failed_calls', 'failed', 'count'),
  column('failed_share', 'share', 'share'),
  column('failed_cost_usd', 'cost of failed', 'usd'),
  column('retries', 'retries', 'count'),
  column('retry_cost_usd', 'cost of retries', 'usd'),
  column('messages', 'messages', 'count', 3),
  column('first_failed_ts', 'first', 'time', 4),
  column('last_failed_ts', 'last', 'time', 2),
  column('example_error', 'such as', 'text', 1),
]

/** None where no call failed. */
export function kindSections(id: string, { kinds, retries }: ErrorsAnswer): Section[] {
  const total = kinds.find((row) => row.is_total)
  const failed = Number(total?.failed_calls ?? 0)
  if (total === undefined || failed === 0) return []
  const groups = kinds.filter((row) => !row.is_total)
  const known = new Set(groups.filter((row) => !row.is_others).map(({ kind }) => kind))
  const after = retries.filter((row) => row.is_kind)
  const figures = (row: ErrorKindRow, own: readonly RetryRow[]): Row => {
    const { retries: times, retryCostUsd } = added(own)
    return {
      failed_calls: row.failed_calls,
      failed_share: Number(row.failed_calls) / failed,
      failed_cost_usd: row.failed_cost_usd,
      retries: times,
      retry_cost_usd: retryCostUsd,
      messages: row.messages,
      first_failed_ts: row.first_ts,
      last_failed_ts: row.last_ts,
    }
  }
  const varied = groups.some(({ kind, example_error: example }) => example !== null && example !== kind)
  const unseen = known.has(null) ? 0 : added(after.filter(({ kind }) => kind === null)).retries
  return [
    {
      id,
      title: 'Kinds of error',
      columns: kindColumns.map((one) =>
        varied || !['messages', 'example_error'].includes(one.key)
          ? one
          : { ...one, dataOnly: true as const },
      ),
      rows: groups.map((row) => ({
        kind: row.is_others ? '(others)' : row.kind,
        ...figures(
          row,
          after.filter(({ kind }) => (row.is_others ? kind !== null && !known.has(kind) : kind === row.kind)),
        ),
        example_error: row.example_error,
      })),
      totals: figures(total, after),
      notes: [
        ...(varied ? ['Numbers and ids in messages are #; --where error~<text> finds the calls.'] : []),
        ...(unseen > 0
          ? [`${count(unseen)} of the retries follow no failed call that is seen: in the total only.`]
          : []),
      ],
    },
  ]
}
