/** The JSON of a command as an agent gets it: no text that somebody sent or was answered, and no more rows than it asked for. */

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

interface Table {
  readonly columns?: readonly { readonly key: string }[]
  readonly rows: readonly Readonly<Record<string, Json>>[]
}

/** What a provider said of a failure may quote the prompt. */
const mayQuote = /(?:^|_)error$/

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && 'rows' in value && Array.isArray(value.rows)

/** @param answer a command's JSON, parsed; numbers are left as their digits */
export function forAgents(answer: object, mostRows: number): object {
  const shaped = isTable(answer) ? table(answer, mostRows) : answer
  const { sections } = shaped as { sections?: unknown }
  if (!Array.isArray(sections)) return shaped
  return {
    ...shaped,
    sections: sections.map((section: unknown) => (isTable(section) ? table(section, mostRows) : section)),
  }
}

function table({ columns = [], rows, ...rest }: Table, mostRows: number): object {
  const keys = new Set(columns.map(({ key }) => key).filter((key) => mayQuote.test(key)))
  const shown = rows
    .slice(0, mostRows)
    .map((row) =>
      Object.fromEntries(Object.entries(row).filter(([key]) => !keys.has(key) && !mayQuote.test(key))),
    )
  return {
    ...rest,
    columns: columns.filter(({ key }) => !keys.has(key)),
    rows: shown,
    // Whoever adds up what is shown must know that it is not all.
    ...(rows.length > shown.length ? { rowsLeftOut: rows.length - shown.length } : {}),
  }
}
