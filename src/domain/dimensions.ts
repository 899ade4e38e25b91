/**
 * What calls may be grouped and filtered by: a closed record, so that no name typed by a person ever
 * becomes SQL. Columns of `calls` keep their names; time buckets are cut in the zone of the question.
 */
import { UserError } from '../errors.js'
import { callColumns, type ColumnType } from './call.js'
import { centerColumn } from './costs/basis.js'
import { closestNames } from './words/names.js'

export const timeBuckets = ['hour', 'day', 'week', 'month', 'weekday', 'hour_of_day'] as const
export type TimeBucket = (typeof timeBuckets)[number]

/** What calls have a value of. */
type ValueDimension = Exclude<Dimension, { readonly kind: 'time' | 'group' | 'center' }>

export type Dimension =
  | { readonly kind: 'column'; readonly key: string; readonly type: ColumnType; readonly about: string }
  | { readonly kind: 'tag'; readonly key: string; readonly tag: string; readonly about: string }
  /** The first of several columns that has a value. */
  | {
      readonly kind: 'either'
      readonly key: string
      readonly columns: readonly string[]
      readonly about: string
    }
  /** The group that a value is in, by `groups` of the config file; calls of none have no value. */
  | {
      readonly kind: 'group'
      readonly key: string
      readonly of: ValueDimension
      /** By name, their values; undefined until the config file was asked. */
      readonly groups?: Readonly<Record<string, readonly string[]>>
      readonly about: string
    }
  /** Whose cost it is, by `allocate` of the config file; only calls whose cost was allocated have it. */
  | { readonly kind: 'center'; readonly key: string; readonly about: string }
  | { readonly kind: 'time'; readonly key: TimeBucket; readonly bucket: TimeBucket; readonly about: string }

/** Columns other than labels that make sense as groups. */
const groupableNumbers = new Set(['attempt', 'max_tokens', 'temperature', 'file_id'])

/** Short forms where a person would use them. */
export const shortForms: Readonly<Record<string, string>> = {
  user: 'user_id',
  session: 'session_id',
  root_session: 'root_session_id',
  trace: 'trace_id',
  env: 'environment',
  tier: 'service_tier',
  prompt: 'prompt_name',
  call: 'call_id',
  file: 'file_id',
}

const bucketAbout: Readonly<Record<TimeBucket, string>> = {
  hour: 'clock hour in --tz',
  day: 'day in --tz',
  week: 'week from Monday in --tz, by its first day',
  month: 'month in --tz',
  weekday: 'Monday to Sunday in --tz',
  hour_of_day: 'hour of the day in --tz, 0 to 23',
}

const closed: ReadonlyMap<string, Dimension> = new Map<string, Dimension>([
  ...callColumns
    .filter(({ name, type }) => type === 'VARCHAR' || type === 'BOOLEAN' || groupableNumbers.has(name))
    .map(({ name, type, about }): [string, Dimension] => [name, { kind: 'column', key: name, type, about }]),
  [
    'prompt_version',
    {
      kind: 'either',
      key: 'prompt_version',
      columns: ['prompt_name', 'prompt_hash'],
      about: 'prompt_name, else prompt_hash',
    },
  ],
  ...timeBuckets.map((bucket): [string, Dimension] => [
    bucket,
    { kind: 'time', key: bucket, bucket, about: bucketAbout[bucket] },
  ]),
])

/** Every dimension by its own name, without `tag.x` and `none`; for help, documentation and tests. */
export const dimensions: readonly Dimension[] = [...closed.values()]

/** Not among the others: it is asked for where cost is allocated alone. */
export const centerDimension: Dimension = {
  kind: 'center',
  key: centerColumn,
  about: 'cost center, by allocate of the config file; of breakdown and trend',
}

const isCenter = (name: string): boolean => name.trim().toLowerCase().replaceAll('-', '_') === centerColumn

/** For what knows no cost centers. */
export const centersElsewhere = (what: string): UserError =>
  new UserError(`${what}: cost is not allocated to cost centers here`, {
    code: 'usage',
    hint: 'llmcost breakdown and llmcost trend group by cost_center, and filter by it: llmcost breakdown --by cost_center.',
  })

/**
 * The dimension of a name, a short form, a bucket (`hour-of-day` as `hour_of_day`), `tag.x` or `group.user`.
 * @throws UserError (usage) with the closest names
 */
export const dimensionOf = (name: string): Dimension => dimensionAmong(name, [])

/** @param also names that are known beside them, for the hint */
function dimensionAmong(name: string, also: readonly string[]): Dimension {
  const typed = name.trim()
  if (/^tag\../i.test(typed)) {
    const tag = typed.slice('tag.'.length)
    return { kind: 'tag', key: `tag.${tag}`, tag, about: `the tag ${tag}` }
  }
  if (/^group\../i.test(typed)) return groupOf(dimensionAmong(typed.slice('group.'.length), also), typed)
  const key = typed.toLowerCase().replaceAll('-', '_')
  const found = closed.get(shortForms[key] ?? key)
  if (found !== undefined) return found
  if (isCenter(key)) throw centersElsewhere(typed)
  const names = [...closed.keys(), ...Object.keys(shortForms), ...also, centerColumn]
  throw new UserError(`${typed === '' ? 'an empty name' : typed} is not a dimension`, {
    code: 'usage',
    hint: `The closest: ${closestNames(key, names).join(', ')}. Any other label of the log is tag.<name>.`,
  })
}

function groupOf(of: Dimension, typed: string): Dimension {
  if (of.kind === 'either' || of.kind === 'tag' || (of.kind === 'column' && of.type === 'VARCHAR'))
    return {
      kind: 'group',
      key: `group.${of.key}`,
      of,
      about: `the group of ${of.key}, as groups of the config file has it`,
    }
  throw new UserError(`${typed}: values of ${of.key} are in no groups`, {
    code: 'usage',
    hint: 'Groups are of names: group.user, group.feature, group.tag.team.',
  })
}

/** Numbers of a call that filters compare and nobody groups by: cost, tokens, latency, scores. */
const quantities: ReadonlyMap<string, Dimension> = new Map(
  callColumns
    .filter(({ name, type }) => /^(BIGINT|DOUBLE|DECIMAL)/.test(type) && !closed.has(name) && name !== 'line')
    .map(({ name, type, about }): [string, Dimension] => [name, { kind: 'column', key: name, type, about }]),
)

/** Their names; for help, documentation and tests. */
export const quantityNames: readonly string[] = [...quantities.keys()]

/**
 * What a filter may be on: a dimension, or a number of the call.
 * @throws UserError (usage) with the closest names
 */
export function filterDimension(name: string): Dimension {
  const key = name.trim().toLowerCase().replaceAll('-', '_')
  if (isCenter(key)) return centerDimension
  return quantities.get(key) ?? dimensionAmong(name, quantityNames)
}

/**
 * `--by feature,model` as dimensions; `none` alone is the empty list.
 * @throws UserError (usage) for an unknown name, or one named twice
 */
export const parseDimensions = (text: string): readonly Dimension[] => dimensionsNamed(text, dimensionOf)

/** As parseDimensions, where cost is allocated if one is the cost center. */
export const parseDimensionsAndCenters = (text: string): readonly Dimension[] =>
  dimensionsNamed(text, (name) => (isCenter(name) ? centerDimension : dimensionOf(name)))

function dimensionsNamed(text: string, named: (name: string) => Dimension): readonly Dimension[] {
  if (text.trim().toLowerCase() === 'none') return []
  const found = text.split(',').map(named)
  const twice = found.find((dimension, i) => found.findIndex(({ key }) => key === dimension.key) < i)
  if (twice !== undefined) {
    throw new UserError(`--by names ${twice.key} twice`, {
      code: 'usage',
      hint: 'Name each dimension once: --by feature,model.',
    })
  }
  return found
}

/** What one member of a dimension is called in a sentence: `user`, `feature`, `model`. */
export function dimensionNoun(dimension: Dimension): string {
  if (dimension.kind === 'group') return `${dimensionNoun(dimension.of)} group`
  const short = Object.entries(shortForms).find(([, column]) => column === dimension.key)?.[0]
  return (short ?? dimension.key).replaceAll('_', ' ')
}
