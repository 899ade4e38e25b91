/** What the providers' prompt caches save: as facts, by group, and where they cost more than they save. */
import type { Bounds } from '../../domain/bounds.js'
import type { Dimension } from '../../domain/dimensions.js'
import { counted } from '../../domain/words/plurals.js'
import { count, usd } from '../../domain/words/wording.js'
import type { PromptCacheRow } from '../../metrics/caching/prompt-cache.js'
import { column, dimensionColumn } from '../columns.js'
import type { Cell, Column, Finding, Row, Section } from '../report.js'
import { nameOf, titleBy } from '../sentences.js'

type Fact = readonly [Column, Cell]

const promptTotal = (rows: readonly PromptCacheRow[]): PromptCacheRow | undefined =>
  rows.find((row) => row.is_total)

export function promptFacts(rows: readonly PromptCacheRow[]): Fact[] {
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

export function promptNotes(rows: readonly PromptCacheRow[]): string[] {
  const total = promptTotal(rows)
  if (total === undefined) return []
  const [unvalued, plain] = [total.prompt_cache_unvalued_calls, total.prompt_cache_undiscounted_calls]
  const unlogged = total.prompt_cache_unlogged_write_calls
  return [
    ...(Number(unvalued) > 0
      ? [
          `${counted(unvalued, 'call with cached tokens is', 'calls with cached tokens are')} in no amount of the prompt cache: without a known price, or priced before the prices in force (llmcost reprice).`,
        ]
      : []),
    ...(Number(unlogged) > 0
      ? [
          `${counted(unlogged, 'call reads', 'calls read')} a cache whose writes cost extra, but log no writes: what these cost is not taken off the saving.`,
        ]
      : []),
    ...(Number(plain) > 0
      ? [
          `${counted(plain, 'call reads', 'calls read')} the cache at the price of other input: no discount is known, and nothing counts as saved.`,
        ]
      : []),
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
        short: `${where}: the prompt cache costs more than it saves (${count(row.prompt_cache_calls)} calls); cache only what is sent again before it expires`,
        touchedUsd: Number(loss),
        details: {
          feature: row.feature,
          model: row.model,
          prompt_cache_saving_usd: row.prompt_cache_saving_usd,
          prompt_cache_write_extra_usd: row.prompt_cache_write_extra_usd,
        },
      }
    })
}
