/**
 * Rules of FOCUS for which the model has words and no check: those that a file shows are checked here, each with
 * a way to break it, and the others stand with the reason why a file does not show them.
 */
import {
  exact,
  isCurrency,
  isKeyValue,
  isMoment,
  isNumber,
  isProduct,
  isUnicode,
  isUnit,
  pairsOf,
  type FocusFile,
  type FocusRow,
} from './focus-file.js'

export interface OwnCheck {
  readonly ids: RegExp
  readonly keeps: (file: FocusFile) => boolean
  readonly breaks: (file: FocusFile) => FocusFile
}

const numbers =
  'BilledCost ConsumedQuantity ContractedCost ContractedUnitPrice EffectiveCost ListCost ListUnitPrice PricingQuantity'.split(
    ' ',
  )
const times = 'BillingPeriodEnd BillingPeriodStart ChargePeriodEnd ChargePeriodStart'.split(' ')
const units = ['ConsumedUnit', 'PricingUnit']
const objects = ['SkuPriceDetails', 'Tags']

/** Properties of SkuPriceDetails that the specification defines, up to 1.4. */
const defined =
  'CoreCount DiskMaxIops DiskSpace DiskType GpuCount InstanceType InstanceSeries MemorySize NetworkMaxIops NetworkMaxThroughput OperatingSystem Redundancy StorageClass'.split(
    ' ',
  )

const eachRow =
  (keeps: (row: FocusRow) => boolean) =>
  ({ rows }: FocusFile): boolean =>
    rows.every(keeps)

const eachValue = (names: readonly string[], fits: (text: string) => boolean): OwnCheck['keeps'] =>
  eachRow((row) => names.every((name) => row[name] == null || fits(row[name])))

const put =
  (values: FocusRow): OwnCheck['breaks'] =>
  (file) => ({ ...file, rows: [{ ...file.rows[0], ...values }, ...file.rows.slice(1)] })

const named =
  (change: (names: readonly string[]) => readonly string[]): OwnCheck['breaks'] =>
  (file) => ({ ...file, names: change(file.names) })

const isCustom = (name: string): boolean => name.startsWith('x_')
const isPascal = (name: string): boolean => /^[A-Z][A-Za-z0-9]*$/.test(name)

const keysOf = (text: string): readonly string[] => (pairsOf(text) ?? []).map(([key]) => key)

/** One value of `to` for each of `from`. */
const oneFor =
  (from: string, to: string) =>
  ({ rows }: FocusFile): boolean =>
    new Set(rows.map((row) => JSON.stringify([row[from], row[to]]))).size ===
    new Set(rows.map((row) => row[from])).size

/** The calendar month that begins here, UTC. */
function isMonth(start: string, end: string): boolean {
  const first = new Date(start)
  const next = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 1))
  return first.getUTCDate() === 1 && next.getTime() === Date.parse(end)
}

const unpricedCredit = {
  ListUnitPrice: null,
  ContractedUnitPrice: null,
  ChargeCategory: 'Credit',
  BilledCost: '-1',
  ListCost: '-2',
  ContractedCost: '-2',
  EffectiveCost: '-2',
}

const asBilled = (cost: string, price?: string): OwnCheck['keeps'] =>
  eachRow(
    (row) =>
      row['ChargeCategory'] !== 'Credit' ||
      (price !== undefined && row[price] !== null) ||
      exact(row[cost]!, 22) === exact(row['BilledCost']!, 22),
  )

const isProductOf = (what: 'List' | 'Contracted'): OwnCheck['keeps'] =>
  eachRow((row) => {
    const [price, quantity] = [row[`${what}UnitPrice`], row['PricingQuantity']]
    return price == null || quantity == null || isProduct(row[`${what}Cost`]!, price, quantity)
  })

export const ownChecks: readonly OwnCheck[] = [
  {
    ids: /^DateTimeFormat-A-00[1-6]/,
    keeps: eachValue(times, isMoment),
    breaks: put({ ChargePeriodStart: '2026-01-01T00:00:00+01:00' }),
  },
  {
    ids: /^CurrencyFormat-A-001/,
    keeps: eachValue(['BillingCurrency'], isCurrency),
    breaks: put({ BillingCurrency: '$' }),
  },
  {
    ids: /^NumericFormat-A-0(?:0[2-9]|1[01])/,
    keeps: eachValue(numbers, isNumber),
    breaks: put({ BilledCost: '+1' }),
  },
  {
    ids: /^StringHandling-A-001/,
    keeps: eachRow((row) => Object.values(row).every((text) => text === null || isUnicode(text))),
    breaks: put({ SkuId: '\ud800' }),
  },
  {
    ids: /^StringHandling-A-007|^NullHandling-A-001/,
    keeps: eachRow((row) => Object.values(row).every((text) => text === null || text.trim() !== '')),
    breaks: put({ SubAccountId: ' ' }),
  },
  {
    // Names for want of better ones are the exception that the page of the export tells.
    ids: /^NullHandling-A-002/,
    keeps: eachRow((row) => Object.values(row).every((text) => text !== '' && text !== 'Not Applicable')),
    breaks: put({ SubAccountId: 'Not Applicable' }),
  },
  {
    ids: /^ColumnHandling-A-00[13]/,
    keeps: ({ names }) => names.every((name) => isCustom(name) || isPascal(name)),
    breaks: named((names) => ['billed_cost', ...names]),
  },
  {
    ids: /^ColumnHandling-A-005/,
    keeps: ({ names }) => names.every((name) => name.length <= 50),
    breaks: named((names) => [...names, `x_${'A'.repeat(50)}`]),
  },
  {
    ids: /^ColumnHandling-A-011/,
    keeps: ({ names }) => names.every((name) => !isCustom(name) || isPascal(name.slice(2))),
    breaks: named((names) => [...names, 'x_model']),
  },
  {
    ids: /^ColumnHandling-A-01[234]/,
    keeps: ({ names }) =>
      names.join() ===
      [...names.filter((name) => !isCustom(name)).toSorted(), ...names.filter(isCustom).toSorted()].join(),
    breaks: named((names) => names.toReversed()),
  },
  {
    ids: /^UnitFormat-A-00[134]/,
    keeps: eachValue(units, isUnit),
    breaks: put({ PricingUnit: 'per token' }),
  },
  {
    ids: /^UnitFormat-A-002/,
    keeps: eachValue(units, (text) => /^(?:\d+ )?\D+$/.test(text)),
    breaks: put({ PricingUnit: '0.5 Tokens' }),
  },
  {
    ids: /^KeyValueFormat-A-00[134]/,
    keeps: eachValue(objects, isKeyValue),
    breaks: put({ SkuPriceDetails: '{"x_A":[1]}' }),
  },
  {
    ids: /^KeyValueFormat-A-002/,
    keeps: eachValue(objects, isKeyValue),
    breaks: put({ Tags: '{"a":1,"a":2}' }),
  },
  {
    ids: /^BillingPeriod(?:Start|End)-C-004/,
    keeps: eachRow(
      (row) =>
        isMonth(row['BillingPeriodStart']!, row['BillingPeriodEnd']!) &&
        row['BillingPeriodStart']! <= row['ChargePeriodStart']! &&
        row['ChargePeriodEnd']! <= row['BillingPeriodEnd']!,
    ),
    breaks: put({ BillingPeriodEnd: '2026-02-28T00:00:00Z' }),
  },
  {
    ids: /^ChargePeriod(?:Start|End)-C-004/,
    keeps: eachRow(
      (row) =>
        ['ChargePeriodStart', 'ChargePeriodEnd'].every((name) => row[name]!.endsWith('T00:00:00Z')) &&
        row['ChargePeriodStart']! < row['ChargePeriodEnd']!,
    ),
    breaks: put({ ChargePeriodEnd: '2026-01-31T23:59:59Z' }),
  },
  { ids: /^ListCost-C-009/, keeps: isProductOf('List'), breaks: put({ ListCost: '987654321' }) },
  {
    ids: /^ContractedCost-C-009/,
    keeps: isProductOf('Contracted'),
    breaks: put({ ContractedCost: '987654321' }),
  },
  {
    ids: /^PricingQuantity-C-009/,
    keeps: (file) => isProductOf('List')(file) && isProductOf('Contracted')(file),
    breaks: put({ PricingQuantity: '987654321', ListUnitPrice: '1' }),
  },
  { ids: /^ListCost-C-008/, keeps: asBilled('ListCost', 'ListUnitPrice'), breaks: put(unpricedCredit) },
  {
    ids: /^ContractedCost-C-008/,
    keeps: asBilled('ContractedCost', 'ContractedUnitPrice'),
    breaks: put(unpricedCredit),
  },
  { ids: /^EffectiveCost-C-010/, keeps: asBilled('EffectiveCost'), breaks: put(unpricedCredit) },
  {
    ids: /^ConsumedQuantity-C-008/,
    keeps: eachValue(['ConsumedQuantity'], isNumber),
    breaks: put({ ConsumedQuantity: 'many' }),
  },
  {
    ids: /^SkuMeter-C-006/,
    keeps: oneFor('SkuId', 'SkuMeter'),
    breaks: (file) => ({ ...file, rows: [...file.rows, { ...file.rows[0], SkuMeter: 'Other' }] }),
  },
  {
    ids: /^SkuPriceDetails-C-007/,
    keeps: oneFor('SkuPriceId', 'SkuPriceDetails'),
    breaks: (file) => ({ ...file, rows: [...file.rows, { ...file.rows[0], SkuPriceDetails: '{}' }] }),
  },
  {
    ids: /^SkuPriceDetails-C-002/,
    keeps: eachValue(['SkuPriceDetails'], (text) =>
      keysOf(text).every((key) => isPascal(key.replace(/^x_/, ''))),
    ),
    breaks: put({ SkuPriceDetails: '{"x_model":"m"}' }),
  },
  {
    ids: /^SkuPriceDetails-C-017/,
    keeps: eachValue(['SkuPriceDetails'], (text) =>
      keysOf(text).every((key) => isCustom(key) || defined.includes(key)),
    ),
    breaks: put({ SkuPriceDetails: '{"ModelId":"m"}' }),
  },
  {
    ids: /^SkuPriceDetails-C-020/,
    keeps: eachValue(['SkuPriceDetails'], (text) =>
      keysOf(text).every(
        (key) => defined.includes(key) || !defined.some((one) => one.toLowerCase() === key.toLowerCase()),
      ),
    ),
    breaks: put({ SkuPriceDetails: '{"corecount":4}' }),
  },
  {
    ids: /^Tags-C-006/,
    keeps: eachValue(['Tags'], (text) => (pairsOf(text) ?? []).every(([, value]) => value !== null)),
    breaks: put({ Tags: '{"team":null}' }),
  },
]

/** Why a file does not show whether a rule is kept. */
export const notShown: readonly (readonly [why: string, ids: RegExp])[] = [
  [
    'a custom column or a later file is not known to the specification',
    /^(?:Numeric|String)\w+-A-0(?:01|02)-O/,
  ],
  [
    'amounts are in the one currency of the file, and no invoice or price list is beside it',
    /^(?:BilledCost-C-00[67]|BillingCurrency-C-005|ContractedCost-C-005|ContractedUnitPrice-C-010|EffectiveCost-C-00[67]|ListCost-C-005|ListUnitPrice-C-009|PricingUnit-C-00[89]|SkuPriceId-C-01[345]|SkuId-C-012|InvoiceId-)/,
  ],
  ['no virtual currency is in the file', /^CurrencyFormat-A-002/],
  [
    'about the wording of the specification itself, or its names of columns',
    /^(?:NumericFormat-A-012|ColumnHandling-A-00[24678]|ColumnHandling-A-010)/,
  ],
  [
    'about what the provider publishes beside the file',
    /^(?:NumericFormat-A-013|ChargeDescription-C-004|Tags-C-(?:009|013)|BillingAccountId-C-00[45])/,
  ],
  [
    'about files of other times, accounts or contracts',
    /^(?:StringHandling-A-00[34568]|SkuPriceId-C-0(?:09|10|12)|SkuId-C-0(?:08|09|10|11)|SkuPriceDetails-C-01[3-6])/,
  ],
  ['no commitment is in the file', /^(?:EffectiveCost-C-01[23]|PricingCategory-C-(?:009|010|011))/],
  [
    'a tax is computed from charges that the file does not name',
    /^(?:ContractedCost-C-007|ListCost-C-007|EffectiveCost-C-009)/,
  ],
  ['whether a purchase covers other charges is not in the file', /^EffectiveCost-C-005/],
  ['which charges correct others is not in a log', /^ChargeClass-C-00[34]/],
  ['the price of each account is not in the file', /^PricingCategory-C-008/],
  ['the log does not tell where', /^RegionId-C-00[45]/],
  ['the log does not tell which account', /^SubAccountId-C-00[45]|^BillingAccountName-/],
  ['which properties apply is known to the provider', /^SkuPriceDetails-C-0(?:08|09|10|18|21|22)/],
  ['which tags there are is known to the user', /^Tags-C-0(?:0[458]|1[024567])/],
  ['whether a better category exists is a judgement', /^Service(?:Name|Category|Subcategory)-/],
  ['who is the host is known to the provider', /^HostProviderName-values-/],
]
