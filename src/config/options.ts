/** Keys of the config file that are options too, and environment variables. */
export const optionNames = ['db', 'archive', 'tz', 'format', 'lock_timeout', 'memory_limit'] as const
export type OptionName = (typeof optionNames)[number]

/** The environment variable of an option. */
export const variableOf = (name: OptionName): string => `LLMCOST_${name.toUpperCase()}`

/** The option as it is typed. */
export const flagOf = (name: OptionName): string => `--${name.replaceAll('_', '-')}`
