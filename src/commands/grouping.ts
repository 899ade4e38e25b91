/** What questions by dimension have in common: --by, --columns, --sort and --top. */
import {
  parseDimensions,
  parseDimensionsAndCenters,
  shortForms,
  type Dimension,
} from '../domain/dimensions.js'
import { keyFrom } from '../domain/costs/currency.js'
import { withGroups } from '../domain/groups.js'
import { UserError } from '../errors.js'
import type { Sort } from '../metrics/groups.js'
import { measureNames, parseMeasure, type MeasureName } from '../metrics/measures/registry.js'
import type { Invocation, OptionSpec } from './command.js'
import { optionCount, optionText } from './option-values.js'
import { settingsOf } from './settings.js'

/** @param fallback the dimensions when --by is absent */
export function groupingOptions(fallback: string): readonly OptionSpec[] {
  return [
    {
      flags: '--by <dimensions>',
      about: 'one or more, with commas; none for the total alone',
      fallback,
      group: 'Question',
    },
    {
      flags: '--columns <columns>',
      about: 'figures to show, with commas; +p99_latency_ms adds to the usual ones',
      group: 'Question',
    },
    {
      flags: '--sort <column>',
      about: 'a column, with :asc or :desc (default: cost_usd, or time)',
      group: 'Question',
    },
    {
      flags: '-n, --top <n>',
      about: 'the first n groups, and one row (others) for all the rest; all: each (default: 20 in a table)',
      group: 'Question',
    },
  ]
}

/** As groupingOptions, of a command that can allocate cost to cost centers. */
export const groupingWithCenters = (fallback: string): readonly OptionSpec[] =>
  groupingOptions(fallback).map((option) =>
    option.flags.startsWith('--by') ? { ...option, takesCenters: true } : option,
  )

/** For `--help`: where every dimension, bucket and column is listed. */
export const groupingDetails: readonly string[] = [
  'Dimensions, time buckets (day, week, month …) and columns: llmcost columns. Any other label of the log: tag.<name>;',
  'groups of values of the config file: group.user.',
]

export interface Grouping {
  readonly by: readonly Dimension[]
  /** The figures asked for by name, with the one sorted by; undefined without --columns, or where it adds. */
  readonly chosen: readonly MeasureName[] | undefined
  /** The figures that --columns adds to the usual ones, and the one sorted by. */
  readonly added: readonly MeasureName[]
  readonly sort: Sort | undefined
  /** As --top says; undefined without it. */
  readonly top: number | 'all' | undefined
}

/**
 * The dimensions of `--by`, with the groups of the config file where it names some.
 * @throws UserError (usage) for one that is not known
 */
export const dimensionsBy = (invocation: Invocation, fallback: string): Promise<readonly Dimension[]> =>
  withConfigGroups(invocation, parseDimensions(optionText(invocation, 'by') ?? fallback))

/** As dimensionsBy, of a command that can allocate cost to cost centers. */
export const dimensionsAndCentersBy = (
  invocation: Invocation,
  fallback: string,
): Promise<readonly Dimension[]> =>
  withConfigGroups(invocation, parseDimensionsAndCenters(optionText(invocation, 'by') ?? fallback))

async function withConfigGroups(
  invocation: Invocation,
  by: readonly Dimension[],
): Promise<readonly Dimension[]> {
  if (!by.some(({ kind }) => kind === 'group')) return by
  const { config } = await settingsOf(invocation)
  return withGroups(by, config.groups)
}

/**
 * @param dimensions of `--by`
 * @throws UserError (usage) for a dimension or column that is not known
 */
export async function groupingOf(
  invocation: Invocation,
  fallback: string,
  dimensions = dimensionsBy,
): Promise<Grouping> {
  const by = await dimensions(invocation, fallback)
  const named = columnNamer(invocation)
  const columns = columnsOf(optionText(invocation, 'columns'), named)
  const sort = sortOption(optionText(invocation, 'sort'), by, named)
  // What it is sorted by is shown.
  const sortMeasure = measureNames.filter((name) => name === sort?.by)
  const all = [...new Set([...columns.names, ...sortMeasure])]
  const parts = columns.isWhole ? { chosen: all, added: [] } : { chosen: undefined, added: all }
  return { by, ...parts, sort, top: topOption(invocation) }
}

/** A column by the name that it has in the answer. @param option what names it, for errors */
export type ColumnNamer = (name: string, option: string) => MeasureName

const inDollars: ColumnNamer = parseMeasure

/** With `--currency EUR` a column of money is `cost_eur` there, as it stands in the answer, or `cost_usd`. */
export function columnNamer(invocation: Invocation): ColumnNamer {
  const currency = optionText(invocation, 'currency')?.toUpperCase()
  // What is no currency is refused where the rates are looked up.
  if (currency === undefined || !/^[A-Z]{3}$/.test(currency)) return inDollars
  return (name, option) => {
    const plain = name.trim().toLowerCase().replaceAll('-', '_')
    const own = keyFrom(plain, currency)
    return parseMeasure(own === plain ? name : own, option)
  }
}

/**
 * `calls,cost_usd`: these figures; `+users,p99_cost_usd`: these beside the usual ones.
 * @throws UserError (usage) for a column that is not known, or an empty list
 */
export function columnsOf(
  text: string | undefined,
  named: ColumnNamer = inDollars,
): {
  readonly names: readonly MeasureName[]
  readonly isWhole: boolean
} {
  if (text === undefined) return { names: [], isWhole: false }
  const parts = text.split(',').map((part) => part.trim())
  const adding = parts.filter((part) => part.startsWith('+')).length
  // With the first: the plus is of the list. With another alone, it is not clear what stands beside what.
  if (adding > 0 && !parts[0]!.startsWith('+')) {
    throw new UserError(`--columns ${text} names columns and adds some`, {
      code: 'usage',
      hint: `Write --columns +${parts.map((part) => part.replace(/^\+/, '')).join(',')} to add all of them to the usual ones, or leave the plus out.`,
    })
  }
  const names = parts.map((part) => named(part.replace(/^\+/, ''), '--columns'))
  return { names: [...new Set(names)], isWhole: adding === 0 }
}

/** @throws UserError (usage) for what is neither a whole number from 1 on nor `all` */
function topOption(invocation: Invocation): Grouping['top'] {
  return optionText(invocation, 'top') === 'all' ? 'all' : optionCount(invocation, 'top', ', or --top all')
}

/** `cost_usd`, `calls:asc`, `feature`: figures fall, dimensions rise, unless it says otherwise. */
function sortOption(
  text: string | undefined,
  by: readonly Dimension[],
  named: ColumnNamer,
): Sort | undefined {
  if (text === undefined) return undefined
  const [name = '', way, ...rest] = text.split(':')
  if (rest.length > 0 || (way !== undefined && way !== 'asc' && way !== 'desc')) {
    throw new UserError(`--sort ${text} is not a column with :asc or :desc`, {
      code: 'usage',
      hint: 'For example --sort calls:asc.',
    })
  }
  const key = (shortForms[name] ?? name).replaceAll('-', '_')
  const dimension = by.find((one) => one.key === key || one.key === name)
  if (dimension !== undefined) return { by: dimension.key, descending: way === 'desc' }
  return { by: named(name, '--sort'), descending: way !== 'asc' }
}
