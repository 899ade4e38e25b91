/** Tokens that only one side counts. */
import type { Part } from './cause.js'
import { groupBy, share, sumOf, type BilledRow, type LoggedRow } from './cells.js'
import type { PriceOf } from './moves.js'
import type { Cell } from './tables.js'

/**
 * Tokens that were billed and not logged, and the other way round, at the price of the logs: each side's amount, by
 * model. What was logged is made to hold as many tokens as the bill.
 */
export function moveVolumes(
  provider: string,
  cells: readonly Cell[],
  priceOf: PriceOf,
  rows: { readonly billed: readonly BilledRow[]; readonly logged: readonly LoggedRow[] },
): Part[] {
  const parts: Part[] = []
  for (const [model, own] of groupBy(cells, (cell) => cell.model)) {
    for (const isMissing of [true, false]) {
      const moved = own.flatMap((cell) => {
        if (cell.billedTokens === null) return []
        const tokens = cell.billedTokens - cell.tokens
        if (tokens === 0n || tokens > 0n !== isMissing) return []
        const [amount, of] = unitOf(cell, priceOf)
        return [{ cell, tokens, amount: share(amount, tokens, of) }]
      })
      if (moved.length === 0) continue
      const tokens = sumOf(moved, (one) => one.tokens)
      parts.push({
        provider,
        model,
        amount: sumOf(moved, (one) => one.amount),
        cause: isMissing ? 'logs_missing' : 'calls_not_billed',
        evidence: [
          `${(tokens < 0n ? -tokens : tokens).toLocaleString('en')} tokens${kindsOf(moved.map(({ cell }) => cell))} ${daysOf(moved.map(({ cell }) => cell.bucket))}`,
          ...(isMissing ? whose(model, moved, rows.billed) : []),
          ...(isMissing ? silence(moved, rows.logged) : []),
        ].join('; '),
      })
      for (const { cell, tokens: more, amount } of moved) {
        cell.tokens += more
        cell.computed += amount
      }
    }
  }
  return parts
}

/** What tokens of a cell cost by the logs: of the cell itself, of the model, or as billed where no log has any. */
function unitOf(cell: Cell, priceOf: PriceOf): readonly [bigint, bigint] {
  if (cell.tokens > 0n && cell.computed > 0n) return [cell.computed, cell.tokens]
  const known = priceOf(cell.model, cell.kind, cell.tier)
  if (known !== undefined) return known
  return cell.tokens > 0n ? [0n, 1n] : [cell.billed, cell.billedTokens ?? 0n]
}

const names: Readonly<Record<Cell['kind'], string>> = {
  input: 'input',
  cache_read: 'cache reads',
  cache_write: 'cache writes',
  cache_write_1h: 'cache writes of an hour',
  output: 'output',
  all: '',
  other: '',
}

/** Which kinds, where it is not all. */
function kindsOf(cells: readonly Cell[]): string {
  const kinds = [...new Set(cells.map(({ kind }) => names[kind]))].filter((name) => name !== '')
  return kinds.length === 0 ? '' : ` (${kinds.join(', ')})`
}

function daysOf(buckets: readonly string[]): string {
  const days = [...new Set(buckets)].toSorted()
  if (days.length === 1) return `on ${days[0]}`
  return days.length <= 3
    ? `on ${days.join(', ')}`
    : `on ${days.length} days from ${days[0]} to ${days.at(-1)}`
}

interface Moved {
  readonly cell: Cell
  readonly tokens: bigint
}

/** A key, principal or project whose tokens on the bill are just those that are missing. */
function whose(model: string, moved: readonly Moved[], billed: readonly BilledRow[]): string[] {
  const wanted = new Map(
    [...groupBy(moved, ({ cell }) => `${cell.bucket} ${cell.kind}`)].map(([key, some]) => [
      key,
      sumOf(some, ({ tokens }) => tokens),
    ]),
  )
  const own = billed.filter((row) => row.model === model && row.tokens !== null && row.category === 'Usage')
  const usage = own.filter(({ cost }) => cost === null)
  const counts = usage.length > 0 ? usage : own
  for (const label of ['api_key', 'principal', 'project', 'workspace'] as const) {
    const of = (row: BilledRow): string | null =>
      label === 'project' ? row.project : (row.labels[label] ?? null)
    const groups = groupBy(
      counts.filter((row) => of(row) !== null),
      (row) => of(row)!,
    )
    if (groups.size < 2) continue
    for (const [value, rows] of groups) {
      const found = groupBy(rows, (row) => `${row.bucket} ${row.kind}`)
      const same = [...wanted].every(
        ([key, tokens]) => sumOf(found.get(key) ?? [], (row) => row.tokens!) === tokens,
      )
      const most = [...found].filter(([, some]) => sumOf(some, (row) => row.tokens!) > 0n)
      if (same && most.length === wanted.size) return [`just those of ${label} ${value}`]
    }
  }
  return []
}

/** The longest stretch without a call, on the first day that lacks some. */
function silence(moved: readonly Moved[], logged: readonly LoggedRow[]): string[] {
  const [day] = moved.map(({ cell }) => cell.bucket).toSorted()
  if (day === undefined || day.length !== 10) return []
  const seen = new Set(logged.filter(({ bucket }) => bucket === day).map(({ quarter }) => quarter))
  if (seen.size === 0) return [`the logs hold no call of ${day}`]
  const times = [...seen].toSorted((a, b) => a - b)
  const gaps = times.slice(1).map((time, i) => ({ from: times[i]! + 1, length: time - times[i]! - 1 }))
  const longest = gaps.reduce((a, b) => (b.length > a.length ? b : a), { from: 0, length: 0 })
  const others = gaps.map(({ length }) => length).toSorted((a, b) => b - a)[1] ?? 0
  if (longest.length < 4 || longest.length < 2 * others) return []
  const at = (quarter: number): string => new Date(quarter * 900_000).toISOString().slice(11, 16)
  return [
    `the logs hold no call from ${at(longest.from)} to ${at(longest.from + longest.length)} UTC of ${day}`,
  ]
}
