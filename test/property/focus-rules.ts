/**
 * The rules of FOCUS 1.2 for the columns of a cost and usage file, as data: what the specification says, where
 * it says it, and a check on one row. `source` names the column's or attribute's page in the specification
 * (specification/columns, specification/attributes), or the rule's id in its requirements model 1.2.
 */
import { focusColumns } from '../../src/metrics/exports/focus-columns.js'
import { specColumns, type SpecColumn } from './focus-spec.js'

export type FocusRow = Readonly<Record<string, string | null>>

export interface FocusRule {
  readonly source: string
  readonly says: string
  /** True for a row that keeps the rule. */
  readonly kept: (row: FocusRow) => boolean
}

/** Digits × 10^places of a plain decimal. */
export function exact(text: string, places: number): bigint {
  const [whole = '', fraction = ''] = text.split('.')
  return BigInt(whole + fraction.slice(0, places).padEnd(places, '0'))
}

const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/
const moment = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

const named = (fits: (column: SpecColumn) => boolean): readonly string[] =>
  focusColumns.flatMap(({ name }) =>
    specColumns.filter((column) => column.name === name && fits(column)).map(() => name),
  )

const numberColumns = named(({ type }) => type === 'Decimal')
const timeColumns = named(({ type }) => type === 'Date/Time')
const jsonColumns = named(({ type }) => type === 'JSON')

/** By column; null where a row need not have one. ISO 4217 knows more currencies, llmcost has one. */
const allowed: readonly (readonly [name: string, values: readonly (string | null)[]])[] = [
  ...specColumns.flatMap(({ name, values, null: nulls }) =>
    values === undefined || !focusColumns.some((column) => column.name === name)
      ? []
      : [[name, nulls === 'other' ? [...values, null] : values] as const],
  ),
  ['BillingCurrency', ['USD']],
]

/** `<plural-units>` or `<unit-quantity> <plural-units>` with the recommended count-based names. */
const unit = /^(?:[1-9]\d* )?(?:Counts|Units|Requests|Tokens|Connections|Certificates|Domains|Cores)$/

/** A serialised JSON object without objects or lists inside, each key once. */
function isKeyValue(text: string): boolean {
  try {
    const value = JSON.parse(text) as unknown
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
    return Object.values(value).every((one) => one === null || typeof one !== 'object')
  } catch {
    return false
  }
}

/** Price × quantity is the cost, but for what rounding each call's cost to 12 places makes. */
function isProduct(cost: string, price: string, quantity: string, tolerance: bigint): boolean {
  const difference = exact(price, 22) * exact(quantity, 6) - exact(cost, 28)
  return (difference < 0n ? -difference : difference) <= tolerance
}

const isUsage = (row: FocusRow): boolean =>
  ['Usage', 'Purchase'].includes(row['ChargeCategory'] ?? '') && row['ChargeClass'] !== 'Correction'

const rule = (source: string, says: string, kept: FocusRule['kept']): FocusRule => ({ source, says, kept })

/**
 * @param callsAtMost in one row: each may be off by 2 units of the twelfth place
 */
export function focusRules(callsAtMost: number): readonly FocusRule[] {
  const tolerance = BigInt(callsAtMost) * 2n * 10n ** 16n
  return [
    ...named((column) => column.null === 'never').map((name) =>
      rule(
        `columns/${name}`,
        `${name} MUST NOT be null`,
        (row) => row[name] !== null && row[name] !== undefined,
      ),
    ),
    ...named((column) => column.null === 'usage').map((name) =>
      rule(
        `columns/${name}`,
        `${name} MUST NOT be null when ChargeCategory is "Usage" or "Purchase" and ChargeClass is not "Correction"`,
        (row) => !isUsage(row) || row[name] !== null,
      ),
    ),
    ...numberColumns.map((name) =>
      rule(
        'attributes/NumericFormat',
        `${name}: one number, no exponent, sign for positive, symbol or separator`,
        (row) => row[name] === null || plainNumber.test(row[name]!),
      ),
    ),
    ...timeColumns.map((name) =>
      rule('attributes/DateTimeFormat (DateTimeFormat-A-003-M)', `${name}: YYYY-MM-DDTHH:mm:ssZ`, (row) =>
        moment.test(row[name]!),
      ),
    ),
    ...allowed.map(([name, values]) =>
      rule(`columns/${name}`, `${name} MUST be one of the allowed values`, (row) =>
        values.includes(row[name] ?? null),
      ),
    ),
    ...['ConsumedUnit', 'PricingUnit'].map((name) =>
      rule(
        'attributes/UnitFormat (PricingUnit-C-003-O)',
        `${name} SHOULD conform to UnitFormat`,
        (row) => row[name] === null || unit.test(row[name]!),
      ),
    ),
    ...jsonColumns.map((name) =>
      rule(
        'attributes/KeyValueFormat',
        `${name}: a JSON object of plain values`,
        (row) => row[name] === null || isKeyValue(row[name]!),
      ),
    ),
    rule('attributes/NullHandling', 'no empty text stands for an absent value', (row) =>
      Object.values(row).every((value) => value !== ''),
    ),
    rule(
      'columns/PricingUnit (PricingUnit-C-005-C, -006-C)',
      'PricingUnit is null exactly when PricingQuantity is',
      (row) => (row['PricingUnit'] === null) === (row['PricingQuantity'] === null),
    ),
    rule(
      'columns/ConsumedUnit',
      'ConsumedUnit is null exactly when ConsumedQuantity is',
      (row) => (row['ConsumedUnit'] === null) === (row['ConsumedQuantity'] === null),
    ),
    ...['Region', 'SubAccount'].map((what) =>
      rule(
        `columns/${what}Name`,
        `${what}Name is null exactly when ${what}Id is`,
        (row) => (row[`${what}Name`] === null) === (row[`${what}Id`] === null),
      ),
    ),
    rule(
      'columns/EffectiveCost',
      'EffectiveCost is BilledCost where nothing is paid in advance',
      (row) => row['EffectiveCost'] === row['BilledCost'],
    ),
    rule(
      'columns/ChargeFrequency (ChargeFrequency-C-004-C)',
      'ChargeFrequency is Usage-Based exactly for usage',
      (row) => (row['ChargeFrequency'] === 'Usage-Based') === (row['ChargeCategory'] === 'Usage'),
    ),
    rule(
      'columns/ConsumedQuantity',
      'a valid positive decimal value',
      (row) => exact(row['ConsumedQuantity']!, 6) > 0n,
    ),
    rule(
      'columns/ListUnitPrice',
      'a non-negative decimal value',
      (row) => !row['ListUnitPrice']!.startsWith('-'),
    ),
    rule(
      'columns/ContractedUnitPrice',
      'a non-negative decimal value',
      (row) => !row['ContractedUnitPrice']!.startsWith('-'),
    ),
    rule(
      'columns/ListUnitPrice, PricingQuantity-C-009-C',
      'ListUnitPrice × PricingQuantity = ListCost',
      (row) => isProduct(row['ListCost']!, row['ListUnitPrice']!, row['PricingQuantity']!, tolerance),
    ),
    rule(
      'columns/ContractedUnitPrice, PricingQuantity-C-009-C',
      'ContractedUnitPrice × PricingQuantity = ContractedCost',
      (row) =>
        isProduct(row['ContractedCost']!, row['ContractedUnitPrice']!, row['PricingQuantity']!, tolerance),
    ),
    rule(
      'BilledCost-C-005-C',
      'BilledCost MUST be 0 where ProviderName is not InvoiceIssuerName',
      (row) => row['ProviderName'] === row['InvoiceIssuerName'] || exact(row['BilledCost']!, 12) === 0n,
    ),
    rule(
      'columns/SkuMeter',
      'SkuMeter SHOULD NOT be null when SkuId is not null',
      (row) => row['SkuMeter'] !== null,
    ),
    rule('columns/SkuPriceId', 'SkuPriceId MUST have one parent SkuId', (row) =>
      row['SkuPriceId']!.startsWith(row['SkuId']!),
    ),
    rule(
      'columns/SkuPriceDetails',
      'no key begins with F_ unless FOCUS defines it',
      (row) => !row['SkuPriceDetails']!.includes('"F_'),
    ),
    rule(
      'columns/ChargePeriodStart, columns/ChargePeriodEnd',
      'the period is a day, the end not in it',
      (row) => Date.parse(row['ChargePeriodEnd']!) - Date.parse(row['ChargePeriodStart']!) === 86_400_000,
    ),
    rule(
      'columns/BillingPeriodStart, columns/BillingPeriodEnd',
      'the charge is within its billing period',
      (row) =>
        row['BillingPeriodStart']! <= row['ChargePeriodStart']! &&
        row['ChargePeriodEnd']! <= row['BillingPeriodEnd']!,
    ),
    rule('columns/BillingPeriodEnd', 'the billing period is a calendar month', (row) => {
      const start = new Date(row['BillingPeriodStart']!)
      const next = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + 1, 1))
      return start.getUTCDate() === 1 && next.getTime() === Date.parse(row['BillingPeriodEnd']!)
    }),
  ]
}

/** Sentences about the columns of a file that break ColumnHandling; none when all is well. */
export function columnFaults(names: readonly string[]): string[] {
  const custom = names.filter((name) => name.startsWith('x_'))
  const own = names.filter((name) => !name.startsWith('x_'))
  const missing = specColumns.filter(({ name, level }) => level === 'mandatory' && !own.includes(name))
  const known = new Set(specColumns.map(({ name }) => name))
  return [
    ...missing.map(({ name }) => `${name} MUST be present`),
    ...own.filter((name) => !known.has(name)).map((name) => `${name} is no column of FOCUS 1.2`),
    ...custom
      .filter((name) => !/^x_[A-Z][A-Za-z0-9]{1,47}$/.test(name))
      .map((name) => `${name} SHOULD be Pascal case after x_`),
    ...(names.join() === [...own.toSorted(), ...custom.toSorted()].join()
      ? []
      : ['columns SHOULD be in alphabetical order, custom ones last']),
    ...(new Set(names).size === names.length ? [] : ['a column stands twice']),
  ]
}
