/** `llmcost reconcile`: both sides by group, and why they differ. */
import { causeWords, type Part } from '../../billing/reconcile/cause.js'
import { sumOf } from '../../billing/reconcile/cells.js'
import { moneyText, type Money } from '../../domain/costs/units.js'
import type { Column, Report, Row, Section } from '../report.js'
import { capital, usd } from '../../domain/words/wording.js'

/** One group, as the question answers with it. */
interface GroupRow {
  readonly labels: Readonly<Record<string, string | null>>
  readonly billed: Money
  readonly computed: Money
  readonly billedTokens: bigint | null
  readonly tokens: bigint
}

export interface ReconcileFacts {
  readonly rows: readonly GroupRow[]
  readonly parts: readonly Part[]
  readonly billed: Money
  readonly computed: Money
  readonly agrees: boolean
  readonly left: readonly string[]
  readonly by: readonly string[]
  readonly window: { readonly since: string; readonly until: string; readonly tz: string }
  /** In which zone the days of each biller begin. */
  readonly zones: ReadonlyMap<string, string>
  readonly priceData: string
  /** Rows for a file of prices, as lines of CSV with their header; none where no ratio is a price's. */
  readonly overrides: readonly string[]
}

const amount = (key: string, title: string, signed?: true): Column => ({
  key,
  title,
  kind: 'usd',
  ...(signed === undefined ? {} : { signed }),
})

const figures: readonly Column[] = [
  amount('billed_usd', 'billed'),
  amount('computed_usd', 'computed'),
  amount('difference_usd', 'difference', true),
  { key: 'difference_share', title: 'of billed', kind: 'change' },
  { key: 'billed_tokens', title: 'billed tokens', kind: 'count', optional: 3 },
  { key: 'logged_tokens', title: 'logged tokens', kind: 'count', optional: 4 },
  { key: 'unlogged_tokens', title: 'not logged', kind: 'count', optional: 1 },
  { key: 'unbilled_tokens', title: 'not billed', kind: 'count', optional: 2 },
]

function figuresOf({ billed, computed, billedTokens, tokens }: Omit<GroupRow, 'labels'>): Row {
  const more = billedTokens === null ? null : billedTokens - tokens
  return {
    billed_usd: moneyText(billed),
    computed_usd: moneyText(computed),
    difference_usd: moneyText(billed - computed),
    difference_share: billed <= 0n ? null : Number(((billed - computed) * 1_000_000n) / billed) / 1e6,
    billed_tokens: billedTokens === null ? null : billedTokens.toString(),
    logged_tokens: tokens.toString(),
    unlogged_tokens: more === null ? null : (more > 0n ? more : 0n).toString(),
    unbilled_tokens: more === null ? null : (more < 0n ? -more : 0n).toString(),
  }
}

export function reconcileReport(facts: ReconcileFacts): Report {
  const { rows, parts, billed, computed, by, left } = facts
  const labels = by.map((key): Column => ({ key, title: key, kind: 'text', dimension: true }))
  const counted = rows.flatMap((row) => (row.billedTokens === null ? [] : [row.billedTokens]))
  const totals = {
    billed,
    computed,
    billedTokens: counted.length === 0 ? null : sumOf(counted, (n) => n),
    tokens: sumOf(rows, ({ tokens }) => tokens),
  }
  const groups: Section = {
    id: 'groups',
    title: `Billed and computed by ${by.join(', ')}`,
    columns: [...labels, ...figures],
    rows: rows.map((row) => ({ ...row.labels, ...figuresOf(row) })),
    totals: {
      ...(by[0] === undefined ? {} : { [by[0]]: 'total' }),
      ...figuresOf(totals),
    },
    empty: 'There is no bill of language models in the window: llmcost ingest takes bills.',
  }
  return {
    kind: 'reconcile',
    title: 'Reconcile',
    period: facts.window,
    sections: [verdictSection(facts), groups, causesSection(facts), ...overridesSection(facts.overrides)],
    warnings: left.map((words) => `${capital(words)}.`),
    footer: [...zoneWords(facts.zones), `Prices: ${facts.priceData}.`],
    data: {
      day_zones: Object.fromEntries(facts.zones),
      agrees: facts.agrees && rows.length > 0,
      causes_sum_usd: moneyText(sumOf(parts, (part) => part.amount)),
    },
  }
}

/** `Days begin in UTC.`, or in which zone those of each biller do. */
function zoneWords(zones: ReadonlyMap<string, string>): readonly string[] {
  const all = [...new Set(zones.values())]
  if (all.length < 2) return all.map((zone) => `Days of the bills begin in ${zone}.`)
  const parts = all.map((zone) => {
    const billers = [...zones].filter(([, own]) => own === zone).map(([biller]) => biller)
    return `in ${zone} (${billers.join(', ')})`
  })
  return [`Days of the bills begin ${parts.join(', ')}.`]
}

/** The answer in a sentence. */
function verdictSection({ rows, billed, computed, agrees }: ReconcileFacts): Section {
  const difference = billed - computed
  const verdict =
    rows.length === 0
      ? 'Nothing to compare.'
      : agrees
        ? `The bill agrees with the calls: ${usd(moneyText(billed))}${difference === 0n ? '' : ', but for rounding'}.`
        : `${usd(moneyText(billed))} was billed, the calls come to ${usd(moneyText(computed))}: ${usd(moneyText(difference < 0n ? -difference : difference))} ${difference < 0n ? 'less' : 'more'} was billed.`
  return {
    id: 'verdict',
    title: 'Verdict',
    layout: 'lines',
    columns: [{ key: 'verdict', title: 'verdict', kind: 'text' }],
    rows: [{ verdict }],
  }
}

function causesSection({ parts, billed, computed }: ReconcileFacts): Section {
  return {
    id: 'causes',
    title: 'Why they differ',
    columns: [
      { key: 'provider', title: 'provider', kind: 'text' },
      { key: 'model', title: 'model', kind: 'text' },
      amount('amount_usd', 'amount', true),
      { key: 'cause', title: 'cause', kind: 'text', dataOnly: true },
      { key: 'words', title: 'cause', kind: 'text', wraps: true },
      { key: 'evidence', title: 'what shows it', kind: 'text', wraps: true },
      { key: 'decides', title: 'what would decide', kind: 'text', wraps: true, optional: 1 },
      { key: 'fits', title: 'causes that fit', kind: 'json', dataOnly: true },
      { key: 'ratio', title: 'ratio', kind: 'number', dataOnly: true },
    ],
    rows: parts.map(({ provider, model, amount: money, cause, fits, evidence, decides, ratio }) => ({
      provider,
      model,
      amount_usd: moneyText(money),
      cause: cause ?? null,
      words:
        cause === undefined
          ? `one of: ${(fits ?? []).map((one) => causeWords[one]).join(' · ')}`
          : causeWords[cause],
      evidence,
      decides: decides ?? null,
      fits: fits === undefined ? null : [...fits],
      ratio: ratio ?? null,
    })),
    totals: {
      provider: 'total',
      model: null,
      amount_usd: moneyText(billed - computed),
      cause: null,
      words: null,
      evidence: null,
      decides: null,
      fits: null,
      ratio: null,
    },
    notes:
      parts.length === 0
        ? []
        : [
            'The parts add up to the difference. A cause is named where the bill tells it; else all that fit are, each with the whole amount.',
          ],
    empty: 'Nothing differs.',
  }
}

function overridesSection(lines: readonly string[]): Section[] {
  if (lines.length === 0) return []
  return [
    {
      id: 'overrides',
      title: 'Prices as billed, for a file of prices',
      layout: 'code',
      columns: [{ key: 'line', title: 'prices.csv', kind: 'text' }],
      rows: lines.map((line) => ({ line })),
      notes: ['Name the file under prices in the config file, then run llmcost reprice.'],
    },
  ]
}
