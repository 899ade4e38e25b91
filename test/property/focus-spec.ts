/**
 * The columns of a cost and usage file by the FinOps Open Cost and Usage Specification 1.2, as facts. Sources:
 * the specification's repository, FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec (specification/columns: types,
 * allowed values, feature levels), and the requirements model 1.2.0.1 of it in finopsfoundation/focus_validator
 * (focus_validator/rules/model-1.2.0.1.json: CostAndUsage-D-003 to -068 say which columns must be there and
 * when, the rules `<Column>-C-…` which may be null).
 *
 * The model gives CommitmentDiscountStatus other values than the page of the column does; here are the page's.
 */

export type SpecType = 'String' | 'Decimal' | 'Date/Time' | 'JSON'

export interface SpecColumn {
  readonly name: string
  readonly type: SpecType
  readonly level: 'mandatory' | 'conditional' | 'recommended'
  /**
   * `usage`: not in a row whose ChargeCategory is Usage or Purchase and whose ChargeClass is not Correction.
   * `other`: by conditions on columns or facts beyond those two.
   */
  readonly null: 'never' | 'usage' | 'other'
  readonly values?: readonly string[]
  /** When a conditional or recommended column is called for; a provider is the one who charges. */
  readonly when?: string
}

/** name, type, null, allowed values where the specification lists them. */
type Fact = readonly [
  name: string,
  type: SpecType,
  nulls: SpecColumn['null'],
  values?: readonly string[] | undefined,
]

const of =
  (level: SpecColumn['level'], when?: string) =>
  ([name, type, nulls, values]: Fact): SpecColumn => ({
    name,
    type,
    level,
    null: nulls,
    ...(values === undefined ? {} : { values }),
    ...(when === undefined ? {} : { when }),
  })

const mandatory: readonly Fact[] = [
  ['BilledCost', 'Decimal', 'never'],
  ['BillingAccountId', 'String', 'never'],
  ['BillingAccountName', 'String', 'other'],
  ['BillingCurrency', 'String', 'never'],
  ['BillingPeriodEnd', 'Date/Time', 'never'],
  ['BillingPeriodStart', 'Date/Time', 'never'],
  ['ChargeCategory', 'String', 'never', ['Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment']],
  ['ChargeClass', 'String', 'other', ['Correction']],
  ['ChargeDescription', 'String', 'other'],
  ['ChargePeriodEnd', 'Date/Time', 'never'],
  ['ChargePeriodStart', 'Date/Time', 'never'],
  ['ContractedCost', 'Decimal', 'never'],
  ['EffectiveCost', 'Decimal', 'never'],
  ['InvoiceIssuerName', 'String', 'never'],
  ['ListCost', 'Decimal', 'never'],
  ['PricingQuantity', 'Decimal', 'usage'],
  ['PricingUnit', 'String', 'usage'],
  ['ProviderName', 'String', 'never'],
  ['PublisherName', 'String', 'never'],
  [
    'ServiceCategory',
    'String',
    'never',
    [
      'AI and Machine Learning',
      'Analytics',
      'Business Applications',
      'Compute',
      'Databases',
      'Developer Tools',
      'Multicloud',
      'Identity',
      'Integration',
      'Internet of Things',
      'Management and Governance',
      'Media',
      'Migration',
      'Mobile',
      'Networking',
      'Security',
      'Storage',
      'Web',
      'Other',
    ],
  ],
  ['ServiceName', 'String', 'never'],
]

const recommended: readonly Fact[] = [
  ['ChargeFrequency', 'String', 'never', ['One-Time', 'Recurring', 'Usage-Based']],
  ['InvoiceId', 'String', 'other'],
  [
    'ServiceSubcategory',
    'String',
    'never',
    // Those whose ServiceCategory is AI and Machine Learning.
    [
      'Bots',
      'Generative AI',
      'Machine Learning',
      'Natural Language Processing',
      'Other (AI and Machine Learning)',
    ],
  ],
]

const commitmentColumns: readonly Fact[] = [
  ['CommitmentDiscountCategory', 'String', 'other', ['Spend', 'Usage']],
  ['CommitmentDiscountId', 'String', 'other'],
  ['CommitmentDiscountName', 'String', 'other'],
  ['CommitmentDiscountQuantity', 'Decimal', 'other'],
  ['CommitmentDiscountStatus', 'String', 'other', ['Used', 'Unused']],
  ['CommitmentDiscountType', 'String', 'other'],
  ['CommitmentDiscountUnit', 'String', 'other'],
]

const conditional: readonly (readonly [when: string, columns: readonly Fact[]])[] = [
  ['more than one BillingAccountType is possible', [['BillingAccountType', 'String', 'other']]],
  [
    'the provider supports capacity reservations',
    [
      ['CapacityReservationId', 'String', 'other'],
      ['CapacityReservationStatus', 'String', 'other', ['Used', 'Unused']],
    ],
  ],
  ['the provider supports commitment discounts', commitmentColumns],
  [
    'the provider supports the measurement of usage',
    [
      ['ConsumedQuantity', 'Decimal', 'usage'],
      ['ConsumedUnit', 'String', 'usage'],
    ],
  ],
  ['the provider supports negotiated prices', [['ContractedUnitPrice', 'Decimal', 'usage']]],
  ['the provider publishes unit prices', [['ListUnitPrice', 'Decimal', 'usage']]],
  [
    'the provider supports more than one pricing category',
    [['PricingCategory', 'String', 'usage', ['Standard', 'Dynamic', 'Committed', 'Other']]],
  ],
  [
    'the provider prices and bills in different currencies',
    [
      ['PricingCurrency', 'String', 'never'],
      ['PricingCurrencyContractedUnitPrice', 'Decimal', 'usage'],
      ['PricingCurrencyEffectiveCost', 'Decimal', 'never'],
      ['PricingCurrencyListUnitPrice', 'Decimal', 'usage'],
    ],
  ],
  [
    'the provider has regions',
    [
      ['RegionId', 'String', 'other'],
      ['RegionName', 'String', 'other'],
    ],
  ],
  [
    'the provider bills by provisioned resources',
    [
      ['ResourceId', 'String', 'other'],
      ['ResourceName', 'String', 'other'],
      ['ResourceType', 'String', 'other'],
    ],
  ],
  [
    'the provider has unit prices and publishes price lists',
    [
      ['SkuId', 'String', 'usage'],
      ['SkuMeter', 'String', 'other'],
      ['SkuPriceDetails', 'JSON', 'other'],
      ['SkuPriceId', 'String', 'usage'],
    ],
  ],
  [
    'the provider has sub accounts',
    [
      ['SubAccountId', 'String', 'other'],
      ['SubAccountName', 'String', 'other'],
    ],
  ],
  ['more than one SubAccountType is possible', [['SubAccountType', 'String', 'other']]],
  ['the provider supports tags', [['Tags', 'JSON', 'other']]],
]

/** All 57, alphabetically. */
export const specColumns: readonly SpecColumn[] = [
  ...mandatory.map(of('mandatory')),
  ...recommended.map(of('recommended')),
  of('recommended', 'the provider has availability zones')(['AvailabilityZone', 'String', 'other']),
  ...conditional.flatMap(([when, columns]) => columns.map(of('conditional', when))),
].toSorted((left, right) => (left.name < right.name ? -1 : 1))
