/** How answers end. */
import type { ConditionName, PartSql } from '../../rollups/parts.js'
import { ratio } from './aggregates.js'
import type { Measures } from './measure.js'

/** How many of the answers that tell how they ended did so in this way. */
const reason =
  (ending: ConditionName) =>
  (part: PartSql): string =>
    ratio(part('rows', ending), part('rows', 'with_finish_reason'))

export const answersMeasures = {
  finish_reason_calls: {
    title: 'with a reason',
    kind: 'count',
    optional: 2,
    is: 'count',
    sql: (part) => part('rows', 'with_finish_reason'),
  },
  no_finish_reason_calls: {
    title: 'without',
    kind: 'count',
    optional: 2,
    is: 'count',
    sql: (part) => `${part('rows', 'call')} - ${part('rows', 'with_finish_reason')}`,
  },
  stop_rate: {
    title: 'stop',
    kind: 'rate',
    optional: 1,
    is: 'rate',
    sql: reason('stop'),
  },
  truncation_rate: {
    title: 'truncated',
    kind: 'rate',
    better: 'less',
    is: 'rate',
    sql: reason('length'),
  },
  context_exceeded_rate: {
    title: 'context exceeded',
    kind: 'rate',
    better: 'less',
    optional: 4,
    is: 'rate',
    sql: reason('context_exceeded'),
  },
  tool_calls_rate: {
    title: 'tool calls',
    kind: 'rate',
    optional: 2,
    is: 'rate',
    sql: reason('tool_calls'),
  },
  content_filter_rate: {
    title: 'content filter',
    kind: 'rate',
    better: 'less',
    optional: 3,
    is: 'rate',
    sql: reason('content_filter'),
  },
  error_finish_rate: {
    title: 'error',
    kind: 'rate',
    better: 'less',
    optional: 3,
    is: 'rate',
    sql: reason('error_finish'),
  },
  other_finish_rate: {
    title: 'other',
    kind: 'rate',
    optional: 4,
    is: 'rate',
    sql: reason('other_finish'),
  },
  truncated_calls: {
    title: 'truncated calls',
    kind: 'count',
    better: 'less',
    optional: 4,
    is: 'count',
    sql: (part) => part('rows', 'truncated'),
  },
  truncated_cost_usd: {
    title: 'cost of truncated',
    kind: 'usd',
    better: 'less',
    optional: 4,
    is: 'sum',
    sql: (part) => part('cost_usd', 'truncated'),
  },
} as const satisfies Measures
