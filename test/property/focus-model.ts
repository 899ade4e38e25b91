/**
 * The requirements model of FOCUS as data (fixtures/focus, where SOURCES.md says whence), and what its checks
 * mean on a file. Each rule can also be broken: a check that no file fails would prove nothing.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { focusLeftOut, type FocusVersion } from '../../src/metrics/exports/focus-columns.js'
import {
  exact,
  isCurrency,
  isKeyValue,
  isMoment,
  isNumber,
  isProduct,
  isSoundText,
  isUnit,
  type FocusFile,
  type FocusRow,
} from './focus-file.js'

interface Check {
  readonly CheckFunction: string
  readonly Items?: readonly Check[]
  readonly ColumnName?: string
  readonly ColumnAName?: string
  readonly ColumnBName?: string
  readonly ResultColumnName?: string
  readonly Value?: string | number | null
}

export interface ModelRule {
  readonly Reference: string
  readonly Function: string
  readonly Type: 'Static' | 'Dynamic'
  readonly Keyword: string
  /** What the provider must support for the rule to hold. */
  readonly ApplicabilityCriteria?: readonly string[]
  readonly MustSatisfy: string
  readonly Requirement?: Check | null
  readonly Condition?: Check
  /** Conditions of the rules that this one is a part of. */
  readonly Within?: readonly Check[]
  readonly since?: FocusVersion
}

interface SpecColumn {
  readonly level: 'Mandatory' | 'Conditional' | 'Recommended'
  readonly nulls: boolean
  readonly type: 'String' | 'Decimal' | 'Date/Time' | 'JSON'
  readonly since: string
  readonly condition?: string
  readonly values?: readonly string[]
}

type Named<T> = Readonly<Record<string, T>>

const read = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/focus', name), 'utf8'))

const { ModelRules: modelOf12 } = read('model-1.2.json') as { ModelRules: Named<ModelRule> }
const columnsOf14 = read('columns-1.4.json') as Named<SpecColumn>
const changes = read('changes.json') as {
  removed: Named<FocusVersion>
  corrected: Named<Partial<ModelRule>>
  ModelRules: Named<ModelRule>
}

/** Columns that 1.4 has no longer. */
const removedColumns: Named<SpecColumn> = Object.fromEntries(
  ['ProviderName', 'PublisherName'].map((name) => [
    name,
    { level: 'Mandatory', nulls: false, type: 'String', since: '0.5' } satisfies SpecColumn,
  ]),
)

/** Columns of a cost and usage file, by name. */
export function specColumns(version: FocusVersion): Named<SpecColumn> {
  const all = version === '1.4' ? columnsOf14 : { ...columnsOf14, ...removedColumns }
  return Object.fromEntries(Object.entries(all).filter(([, { since }]) => since <= version))
}

/** What the table of columns says of each, as rules: of 1.4 there is no other account of which must be there. */
function columnRules(version: FocusVersion): Named<ModelRule> {
  const rule = (Reference: string, Function: string, MustSatisfy: string, Requirement: Check): ModelRule => ({
    Reference,
    Function,
    Type: 'Static',
    Keyword: 'MUST',
    MustSatisfy,
    Requirement,
  })
  const types = {
    String: 'TypeString',
    JSON: 'TypeString',
    Decimal: 'TypeDecimal',
    'Date/Time': 'TypeDateTime',
  }
  return Object.fromEntries(
    Object.entries(specColumns(version)).flatMap(([name, { level, nulls, type, values }]) => [
      ...(level === 'Mandatory'
        ? [
            [
              `${name}/present`,
              rule(name, 'Presence', 'is mandatory', { CheckFunction: 'ColumnPresent', ColumnName: name }),
            ] as const,
          ]
        : []),
      ...(nulls
        ? []
        : [
            [
              `${name}/null`,
              rule(name, 'Nullability', 'allows no null', {
                CheckFunction: 'CheckNotValue',
                ColumnName: name,
                Value: null,
              }),
            ] as const,
          ]),
      [
        `${name}/type`,
        rule(name, 'Type', `is of type ${type}`, { CheckFunction: types[type], ColumnName: name }),
      ] as const,
      ...(values === undefined
        ? []
        : [
            [
              `${name}/values`,
              rule(
                name,
                'Validation',
                'has one of the allowed values',
                oneOf(name, nulls ? [...values, null] : values),
              ),
            ] as const,
          ]),
    ]),
  )
}

const oneOf = (name: string, values: readonly (string | null)[]): Check => ({
  CheckFunction: 'OR',
  Items: values.map((value) => ({ CheckFunction: 'CheckValue', ColumnName: name, Value: value })),
})

/** All rules of this version, by id. The model of 1.2 is whole; later ones are it with what has changed. */
export function modelRules(version: FocusVersion): Named<ModelRule> {
  const corrected = Object.fromEntries(
    Object.entries(modelOf12).map(([id, rule]) => [id, { ...rule, ...changes.corrected[id] }]),
  )
  if (version === '1.2') return corrected
  const kept = Object.entries(corrected).filter(
    ([id, { Function, Reference }]) =>
      !(id in changes.removed && changes.removed[id]! <= version) &&
      Function !== 'Presence' &&
      !(version === '1.4' && Reference in removedColumns),
  )
  const added = Object.entries(changes.ModelRules).filter(([, { since }]) => since! <= version)
  return { ...Object.fromEntries([...kept, ...added]), ...columnRules(version) }
}

const formats: Readonly<Record<string, readonly [fits: (text: string) => boolean, broken: string]>> = {
  FormatNumeric: [isNumber, '1,5'],
  FormatString: [isSoundText, '  '],
  FormatDateTime: [isMoment, '2026-01-01 00:00:00'],
  FormatUnit: [isUnit, 'tokens'],
  FormatKeyValue: [isKeyValue, '{"a":{"b":1}}'],
  FormatCurrency: [isCurrency, 'usd'],
  CheckNationalCurrency: [isCurrency, 'Credits'],
}

const types: Readonly<Record<string, RegExp>> = {
  TypeDecimal: /^DECIMAL\(/,
  TypeString: /^VARCHAR$/,
  TypeDateTime: /^TIMESTAMP/,
}

const wholeFile = ['ColumnPresent', 'CheckDistinctCount', ...Object.keys(types)]

const valueOf = (row: FocusRow, name: string | undefined): string | null => row[name!] ?? null

const same = (value: string | null, wanted: Check['Value']): boolean =>
  typeof wanted === 'number'
    ? value !== null && isNumber(value) && exact(value, 22) === exact(String(wanted), 22)
    : value === wanted

function holds(check: Check, row: FocusRow, file: FocusFile): boolean {
  const { CheckFunction: what, Items: items = [], ColumnName: name, ColumnAName: a, ColumnBName: b } = check
  const value = valueOf(row, name)
  if (what in formats) return value === null || formats[what]![0](value)
  if (what in types) return types[what]!.test(file.types[name!] ?? '')
  switch (what) {
    case 'AND':
      return items.every((item) => holds(item, row, file))
    case 'OR':
      return items.some((item) => holds(item, row, file))
    case 'ColumnPresent':
      return file.names.includes(name!)
    case 'CheckValue':
      return same(value, check.Value)
    case 'CheckNotValue':
      return !same(value, check.Value)
    case 'CheckSameValue':
      return valueOf(row, a) === valueOf(row, b)
    case 'CheckNotSameValue':
      return valueOf(row, a) !== valueOf(row, b)
    case 'CheckDecimalValue':
      return value !== null && isNumber(value)
    case 'CheckGreaterOrEqualThanValue':
      return value !== null && exact(value, 22) >= exact(String(check.Value), 22)
    case 'ColumnByColumnEqualsColumnValue':
      return isProduct(valueOf(row, check.ResultColumnName)!, valueOf(row, a)!, valueOf(row, b)!)
    case 'CheckDistinctCount': {
      const pairs = new Set(file.rows.map((one) => JSON.stringify([valueOf(one, a), valueOf(one, b)])))
      return pairs.size === new Set(file.rows.map((one) => valueOf(one, a))).size
    }
    default:
      throw new Error(`no such check: ${what}`)
  }
}

const conditions = ({ Condition, Within = [] }: ModelRule): readonly Check[] =>
  Condition === undefined ? Within : [...Within, Condition]

/** The first row that breaks the rule, or what of the file does; undefined where it is kept. */
export function fault(rule: ModelRule, file: FocusFile): string | undefined {
  const requirement = rule.Requirement!
  if (wholeFile.includes(requirement.CheckFunction))
    return holds(requirement, {}, file) ? undefined : (requirement.ColumnName ?? 'file')
  const broken = file.rows.find(
    (row) => conditions(rule).every((one) => holds(one, row, file)) && !holds(requirement, row, file),
  )
  return broken && JSON.stringify(broken)
}

interface Draft {
  names: readonly string[]
  row: Record<string, string | null>
  types: Record<string, string>
  more: FocusRow[]
}

const other = (value: Check['Value']): string => (value === null ? 'x' : value === 0 ? '1' : `not ${value}`)

/** Changes the draft so that the check comes out as wanted. */
function force(check: Check, wanted: boolean, draft: Draft): void {
  const {
    CheckFunction: what,
    Items: items = [],
    ColumnName: name = '',
    ColumnAName: a = '',
    ColumnBName: b = '',
  } = check
  const { row } = draft
  if (what === 'AND' || what === 'OR') {
    const some = (what === 'OR') === wanted
    for (const item of some ? items.slice(0, 1) : items) force(item, wanted, draft)
  } else if (what === 'CheckValue' || what === 'CheckNotValue') {
    if ((what === 'CheckValue') === wanted) row[name] = check.Value === null ? null : String(check.Value)
    else if (same(valueOf(row, name), check.Value)) row[name] = other(check.Value)
  } else if (what === 'CheckSameValue' || what === 'CheckNotSameValue') {
    row[a] = (what === 'CheckSameValue') === wanted ? valueOf(row, b) : `${valueOf(row, b)}1`
  } else if (wanted) throw new Error(`no condition: ${what}`)
  else if (what in formats) row[name] = formats[what]![1]
  else if (what in types) draft.types[name] = 'BLOB'
  else if (what === 'ColumnPresent') draft.names = draft.names.filter((one) => one !== name)
  else if (what === 'CheckDecimalValue') row[name] = 'one'
  else if (what === 'CheckGreaterOrEqualThanValue') row[name] = '-1'
  else if (what === 'ColumnByColumnEqualsColumnValue') row[check.ResultColumnName!] = '987654321'
  else draft.more.push({ ...row, [b]: 'another' })
}

/** A file like this one that breaks the rule in its first row. */
export function breaking(rule: ModelRule, file: FocusFile): FocusFile {
  const [first, ...rest] = file.rows
  const draft: Draft = { names: file.names, row: { ...first }, types: { ...file.types }, more: [] }
  for (const condition of conditions(rule)) force(condition, true, draft)
  force(rule.Requirement!, false, draft)
  return { names: draft.names, rows: [draft.row, ...draft.more, ...rest], types: draft.types }
}

/** Names of columns that the documentation gives as left out, of this version. */
export function leftOut(version: FocusVersion): string[] {
  const names = Object.keys(specColumns(version))
  return focusLeftOut
    .flatMap(([said]) => said.split(', '))
    .flatMap((said) =>
      names.filter((name) => (said.endsWith('…') ? name.startsWith(said.slice(0, -1)) : name === said)),
    )
}
