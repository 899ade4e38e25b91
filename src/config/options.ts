/** Keys of the config file that are options too, and environment variables. */
export const optionNames = ['db', 'archive', 'tz', 'format', 'lock_timeout', 'memory_limit'] as const
export type OptionName = (typeof optionNames)[number]

/** The environment variable of an option. */
export const variableOf = (name: OptionName): string => `LLMCOST_${name.toUpperCase()}`

/** The option as it is typed. */
export const flagOf = (name: OptionName): string => `--${name.replaceAll('_', '-')}`

/** Keys of the config file that the program alone reads: a guard knows them by name. */
export const programKeys = [
  'db',
  'archive',
  'format',
  'lock_timeout',
  'memory_limit',
  'price_update_url',
  'rollups',
  'approximate_above',
  'currency_rates',
  'exchange_rates',
  'discover',
  'bounds',
  'rules',
  'notify',
  'presets',
  'groups',
  'plans',
  'contracts',
  'bill_zones',
  'allocate',
  '$schema',
] as const
export type ProgramKey = (typeof programKeys)[number]
