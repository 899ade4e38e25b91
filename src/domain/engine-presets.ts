/** Names of the tables of tools in engines that are known by themselves: `--preset` of a rollup. */
export const enginePresets = ['langfuse-clickhouse'] as const
