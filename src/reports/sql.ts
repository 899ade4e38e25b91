/** The rows of a query of the user's own: `llmcost sql`. */
import { kindOf } from './columns.js'
import type { Report, Row } from './report.js'

interface SqlAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly Row[]
}

export function sqlReport({ columns, rows }: SqlAnswer): Report {
  return {
    kind: 'sql',
    title: 'SQL',
    period: { since: null, until: null, tz: 'UTC' },
    sections: [
      {
        id: 'sql',
        title: 'SQL',
        columns: columns.map(({ name, type }) => ({
          key: name,
          title: name,
          kind: kindOf(name, type),
          verbatim: true as const,
        })),
        rows,
        empty: 'no rows',
      },
    ],
    warnings: [],
  }
}
