/** What caches save and cost: `llmcost cache`, and the section of the weekly report. */
import type { Bounds } from '../domain/bounds.js'
import type { Dimension } from '../domain/dimensions.js'
import type { Scope } from '../domain/scope.js'
import { count, percent, usd } from '../domain/wording.js'
import type { BreakdownRow } from '../metrics/breakdown.js'
import type { MeasureName } from '../metrics/measures.js'
import type { PromptCacheRow } from '../metrics/prompt-cache.js'
import type { ResponseCacheRow } from '../metrics/response-cache.js'
import { groupSection } from './breakdown.js'
import { column, dimensionColumn, measureColumn } from './columns.js'
import { nameOf, titleBy } from './group-name.js'
import { emptyText, footerOf, warningsOf, type Doubts } from './notes.js'
import type { Cell, Column, Finding, Report, Row, Section } from './report.js'

type Total<R> = R | undefined

const responseTotal = (rows: readonly ResponseCacheRow[]): Total<ResponseCacheRow> =>
  rows.find(({ row }) => row === 'total')

const promptTotal = (rows: readonly PromptCacheRow[]): Total<PromptCacheRow> =>
  rows.find((row) => row.is_total)

export interface CacheFacts {
  readonly response: readonly ResponseCacheRow[]
  readonly prompt: readonly PromptCacheRow[]
}

type Fact = readonly [Column, Cell]

/** Both caches in a list of facts; none where no call logs any. */
export function cachingSections({ response, prompt }: CacheFacts): Section[] {
  const facts = [...responseFacts(response), ...promptFacts(prompt)]
  if (facts.length === 0) return []
  return [
    {
      id: 'caching',
      title: 'Caching',
      layout: 'facts',
      columns: facts.map(([fact]) => fact),
      rows: [Object.fromEntries(facts.map(([{ key }, value]) => [key, value]))],
      notes: [...responseNotes(response), ...promptNotes(prompt)],
    },
  ]
}

function responseFacts(rows: readonly ResponseCacheRow[]): Fact[] {
  const total = responseTotal(rows)
  if (total === undefined || total.cache_hit_rate === null) return []
  const hits = (kind: string): number =>
    rows
      .filter((one) => one.row === 'kind' && one.cache_type === kind)
      .reduce((sum, one) => sum + Number(one.cache_hits), 0)
  const typed = rows.some((one) => one.row === 'kind' && one.cache_type !== null)
  const aged = Number(total.cache_age_hits) > 0
  return [
    [column('cache_hits', 'answered from the response cache', 'count'), total.cache_hits],
    [column('cache_hit_rate', 'response cache hit rate', 'rate'), total.cache_hit_rate],
    ...(typed
      ? ([
          [column('exact_cache_hits', 'exact hits', 'count'), hits('exact')],
          [column('semantic_cache_hits', 'semantic hits', 'count'), hits('semantic')],
        ] as const)
      : []),
    [column('avoided_cost_usd', 'cost avoided by it', 'usd'), total.avoided_cost_usd],
    ...(aged
      ? ([
          [column('p50_cache_age_ms', 'age of what was served, p50', 'ms'), total.p50_cache_age_ms],
          [column('max_cache_age_ms', 'age of what was served, max', 'ms'), total.max_cache_age_ms],
        ] as const)
      : []),
  ]
}

function promptFacts(rows: readonly PromptCacheRow[]): Fact[] {
  const total = promptTotal(rows)
  if (total === undefined || Number(total.prompt_cache_calls) === 0) return []
  return [
    [
      column('prompt_cache_read_tokens', 'input tokens read from the prompt cache', 'count'),
      total.prompt_cache_read_tokens,
    ],
    [
      column('prompt_cache_read_share', 'share of input tokens read from it', 'rate'),
      total.prompt_cache_read_share,
    ],
    [column('prompt_cache_saving_usd', 'saved by reading from it', 'usd'), total.prompt_cache_saving_usd],
    ...(Number(total.prompt_cache_write_tokens ?? 0) === 0
      ? []
      : ([
          [
            column('prompt_cache_write_extra_usd', 'extra cost of writing to it', 'usd'),
            total.prompt_cache_write_extra_usd,
          ],
          [
            column('prompt_cache_net_saving_usd', 'saved by the prompt cache, net', 'usd'),
            total.prompt_cache_net_saving_usd,
          ],
        ] as const)),
  ]
}

/** A source that says only of hits that they are hits has a rate of 100 %, which is none. */
function responseNotes(rows: readonly ResponseCacheRow[]): string[] {
  const doubtful = rows.filter(
    (one) => one.row === 'source' && Number(one.cache_hits) > 0 && one.cache_hits === one.cache_logging_calls,
  )
  return doubtful.map(
    ({ source, cache_hits: hits, calls }) =>
      `${nameOf(source)} logs hits of the response cache only where there is one: its hit rate of 100% is of ${count(hits)} such calls; of all its ${count(calls)} calls they are ${percent(Number(hits) / Number(calls))}.`,
  )
}

function promptNotes(rows: readonly PromptCacheRow[]): string[] {
  const total = promptTotal(rows)
  if (total === undefined) return []
  const [unvalued, plain] = [total.prompt_cache_unvalued_calls, total.prompt_cache_undiscounted_calls]
  const unlogged = total.prompt_cache_unlogged_write_calls
  return [
    ...(Number(unvalued) > 0
      ? [
          `${count(unvalued)} ${Number(unvalued) === 1 ? 'call' : 'calls'} with cached tokens ${Number(unvalued) === 1 ? 'is' : 'are'} in no amount of the prompt cache: without a known price, or priced before the prices in force (llmcost reprice).`,
        ]
      : []),
    ...(Number(unlogged) > 0
      ? [
          `${count(unlogged)} ${Number(unlogged) === 1 ? 'call reads' : 'calls read'} a cache whose writes cost extra, but log no writes: what these cost is not taken off the saving.`,
        ]
      : []),
    ...(Number(plain) > 0
      ? [
          `${count(plain)} ${Number(plain) === 1 ? 'call reads' : 'calls read'} the cache at the price of other input: no discount is known, and nothing counts as saved.`,
        ]
      : []),
  ]
}

/** Figures of the response cache by group. */
export const responseMeasures: readonly MeasureName[] = [
  'calls',
  'cache_hits',
  'cache_hit_rate',
  'exact_cache_hits',
  'semantic_cache_hits',
  'avoided_cost_usd',
  'p50_cache_age_ms',
  'p95_cache_age_ms',
  'max_cache_age_ms',
]

export function responseSection(by: readonly Dimension[], rows: readonly BreakdownRow[]): Section {
  const blank = (name: string): boolean => rows.every((row) => Number(row[name as MeasureName] ?? 0) === 0)
  const needless = ['exact_cache_hits', 'semantic_cache_hits', ...responseMeasures.slice(-3)]
  const spec = { id: 'response_cache', title: titleBy('Response cache', by), by, measures: responseMeasures }
  const section = groupSection(spec, rows)
  if (blank('cache_hits') && rows.every((row) => (row.cache_hit_rate ?? null) === null)) {
    const empty =
      'no call says whether a response cache answered it; --map cache_hit=<path> takes it from the log'
    return { ...spec, columns: section.columns, rows: [], empty }
  }
  return {
    ...section,
    columns: section.columns.map((one) =>
      needless.includes(one.key) && blank(one.key) ? { ...one, dataOnly: true as const } : one,
    ),
  }
}

const kindColumns: readonly Column[] = [
  { ...column('cache_type', 'kind of hit', 'text'), dimension: true },
  column('cache_hits', 'hits', 'count'),
  column('hit_share', 'share', 'share'),
  measureColumn('avoided_cost_usd', 'always'),
  column('cache_age_hits', 'with an age', 'count', 3),
  { ...measureColumn('p50_cache_age_ms', 'always'), title: 'age p50' },
  { ...measureColumn('p95_cache_age_ms', 'always'), title: 'age p95' },
  { ...measureColumn('max_cache_age_ms', 'always'), title: 'age max' },
]

/** Hits by kind, with the age of what was served; none where the log tells neither. */
export function hitKindSections(rows: readonly ResponseCacheRow[]): Section[] {
  const total = responseTotal(rows)
  const kinds = rows.filter(({ row }) => row === 'kind')
  const hits = Number(total?.cache_hits ?? 0)
  const told = kinds.some(({ cache_type: kind }) => kind !== null) || Number(total?.cache_age_hits ?? 0) > 0
  if (total === undefined || hits === 0 || !told) return []
  const figures = (one: ResponseCacheRow): Row => ({
    cache_type: one.cache_type,
    cache_hits: one.cache_hits,
    hit_share: Number(one.cache_hits) / hits,
    avoided_cost_usd: one.avoided_cost_usd,
    cache_age_hits: one.cache_age_hits,
    p50_cache_age_ms: one.p50_cache_age_ms,
    p95_cache_age_ms: one.p95_cache_age_ms,
    max_cache_age_ms: one.max_cache_age_ms,
  })
  const aged = Number(total.cache_age_hits) > 0
  return [
    {
      id: 'response_cache_hits',
      title: 'Hits of the response cache',
      columns: kindColumns.map((one) =>
        aged || !one.key.includes('age_') ? one : { ...one, dataOnly: true as const },
      ),
      rows: kinds.map(figures),
      totals: figures(total),
      notes: aged
        ? ["Age: how old the answer was that was served, from the log's own label."]
        : ['No hit tells the age of what was served (a label such as cache_age_s).'],
    },
  ]
}

const promptColumns: readonly Column[] = [
  column('prompt_cache_calls', 'calls that log it', 'count', 3),
  column('prompt_cache_read_tokens', 'tokens read', 'count', 2),
  column('prompt_cache_read_share', 'read share', 'rate'),
  column('prompt_cache_read_cost_usd', 'cost of reads', 'usd', 4),
  column('prompt_cache_saving_usd', 'saved by reads', 'usd'),
  column('prompt_cache_write_tokens', 'tokens written', 'count', 2),
  column('prompt_cache_write_cost_usd', 'cost of writes', 'usd', 1),
  column('prompt_cache_write_extra_usd', 'extra for writes', 'usd'),
  column('prompt_cache_net_saving_usd', 'net saving', 'usd'),
  column('prompt_cache_unvalued_calls', 'not valued', 'count', 1),
]

/** The prompt cache by group; rows as the metric answers them. */
export function promptSection(by: readonly Dimension[], rows: readonly PromptCacheRow[]): Section {
  const total = promptTotal(rows)
  const [id, title] = ['prompt_cache', titleBy('Prompt cache', by)]
  const columns = [...by.map(dimensionColumn), ...promptColumns]
  if (total === undefined || Number(total.prompt_cache_calls) === 0) {
    const empty = 'no call logs tokens of a prompt cache; --map cached_tokens=<path> takes them from the log'
    return { id, title, columns, rows: [], empty }
  }
  const noWrites = Number(total.prompt_cache_write_tokens ?? 0) === 0
  const quiet = (key: string): boolean =>
    ((key.includes('_write_') || key === 'prompt_cache_net_saving_usd') && noWrites) ||
    (key === 'prompt_cache_unvalued_calls' && Number(total.prompt_cache_unvalued_calls) === 0)
  const figures = (row: PromptCacheRow): Row =>
    Object.fromEntries(
      promptColumns.map(({ key }): [string, Cell] => [key, row[key as keyof PromptCacheRow] ?? null]),
    )
  const groups = by.length === 0 ? [total] : rows.filter((row) => !row.is_total && !row.is_pair)
  return {
    id,
    title,
    columns: columns.map((one) => (quiet(one.key) ? { ...one, dataOnly: true as const } : one)),
    rows: groups.map((row) => ({
      ...Object.fromEntries(
        by.map(({ key }, i): [string, Cell] => [key, row.is_others ? '(others)' : (row[`d${i}`] ?? null)]),
      ),
      ...figures(row),
    })),
    ...(by.length === 0 ? {} : { totals: figures(total) }),
    notes: [
      'Saved: cache reads at the price of uncached input less what they cost; extra: what writes cost above that price. List prices; hits of the response cache are left out.',
      ...promptNotes(rows),
    ],
  }
}

/** Features and models whose prompt cache costs more than it saves. */
export function cacheFindings(rows: readonly PromptCacheRow[], bounds: Bounds): Finding[] {
  return rows
    .filter(
      (row) => row.is_pair && -Number(row.prompt_cache_net_saving_usd ?? 0) >= bounds.prompt_cache_loss_usd,
    )
    .toSorted((a, b) => Number(a.prompt_cache_net_saving_usd) - Number(b.prompt_cache_net_saving_usd))
    .map((row): Finding => {
      const loss = String(row.prompt_cache_net_saving_usd).replace('-', '')
      const where = `${nameOf(row.feature)} on ${nameOf(row.model)}`
      return {
        kind: 'prompt_cache_loss',
        severity: 'warning',
        dimension: 'feature,model',
        value: [row.feature, row.model],
        measured: loss,
        bound: bounds.prompt_cache_loss_usd,
        text: `${where}: the prompt cache costs ${usd(loss)} more than it saves: its writes cost ${usd(row.prompt_cache_write_extra_usd)} above plain input, its reads saved ${usd(row.prompt_cache_saving_usd)} (${count(row.prompt_cache_calls)} calls); cache only what is sent again before it expires`,
        details: {
          feature: row.feature,
          model: row.model,
          prompt_cache_saving_usd: row.prompt_cache_saving_usd,
          prompt_cache_write_extra_usd: row.prompt_cache_write_extra_usd,
        },
      }
    })
}

interface CacheAnswer extends CacheFacts {
  readonly scope: Scope
  readonly by: readonly Dimension[]
  readonly groups: readonly BreakdownRow[]
  readonly bounds: Bounds
  readonly doubts: Doubts
}

export function cacheReport(answer: CacheAnswer): Report {
  const { scope, by, groups, response, prompt, bounds, doubts } = answer
  const empty = emptyText(doubts.history, scope, '--as-of latest', doubts.fromInput)
  const table = responseSection(by, groups)
  const sections = [
    { ...table, ...(table.rows.length === 0 ? {} : { notes: responseNotes(response) }) },
    ...hitKindSections(response),
    promptSection(by, prompt),
  ]
  return {
    kind: 'cache',
    title: 'Caching',
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: Number(doubts.calls ?? 0) === 0 ? [{ ...table, rows: [], empty }] : sections,
    findings: cacheFindings(prompt, bounds),
    warnings: warningsOf(doubts),
    footer: footerOf(doubts.history),
  }
}
