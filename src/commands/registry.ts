import type { CommandSpec } from './command.js'

/** Headings of `--help`, which are the folders of the commands, too. */
export const commandGroups = ['start', 'ask', 'watch', 'money', 'share', 'keep'] as const
export type CommandGroup = (typeof commandGroups)[number]

/** A command before it is loaded: the list of commands costs nothing, and only the one asked for is read. */
export interface CommandEntry {
  readonly name: string
  readonly group: CommandGroup
  readonly summary: string
  readonly load: () => Promise<CommandSpec>
}

/** All commands, in the order in which help lists them: by group, those that are rarely used last. */
export const commandEntries: readonly CommandEntry[] = [
  {
    name: 'ingest',
    group: 'start',
    summary: 'read call logs and bills into the database',
    load: async () => (await import('./start/ingest.js')).ingestCommand,
  },
  {
    name: 'merge',
    group: 'start',
    summary: 'take the calls and bills of other databases in, each once',
    load: async () => (await import('./start/merge.js')).mergeCommand,
  },
  {
    name: 'rollup',
    group: 'start',
    summary: 'print the statements by which an engine adds up the calls that it holds',
    load: async () => (await import('./start/rollup.js')).rollupCommand,
  },
  {
    name: 'status',
    group: 'start',
    summary: 'show where the database is and what it holds',
    load: async () => (await import('./start/status.js')).status,
  },
  {
    name: 'init',
    group: 'start',
    summary: 'write a config file with every key explained',
    load: async () => (await import('./start/init.js')).initCommand,
  },
  {
    name: 'doctor',
    group: 'start',
    summary: 'check the set-up: config file, database, clock, prices, and where each comes from',
    load: async () => (await import('./start/doctor.js')).doctorCommand,
  },
  {
    name: 'formats',
    group: 'start',
    summary: 'list the logs and bills that can be read, and the formats of answers',
    load: async () => (await import('./start/formats.js')).formatsCommand,
  },
  {
    name: 'report',
    group: 'ask',
    summary: 'the cost report: the last 7 complete days, or another period',
    load: async () => (await import('./ask/report.js')).reportCommand,
  },
  {
    name: 'breakdown',
    group: 'ask',
    summary: 'cost, calls and tokens by any dimension or time bucket',
    load: async () => (await import('./ask/breakdown.js')).breakdownCommand,
  },
  {
    name: 'trend',
    group: 'ask',
    summary: 'cost, calls, tokens or any figure over time, and what grows week after week',
    load: async () => (await import('./ask/trend.js')).trendCommand,
  },
  {
    name: 'compare',
    group: 'ask',
    summary: 'two periods, models, prompt versions or environments side by side',
    load: async () => (await import('./ask/compare.js')).compareCommand,
  },
  {
    name: 'calls',
    group: 'ask',
    summary: 'single calls: the dearest, the latest, those cut off, those that failed',
    load: async () => (await import('./ask/calls.js')).callsCommand,
  },
  {
    name: 'explain',
    group: 'ask',
    summary: 'show what a call cost, part by part, at which price and by which rule',
    load: async () => (await import('./ask/explain.js')).explainCommand,
  },
  {
    name: 'efficiency',
    group: 'ask',
    summary: 'tokens a call, truncation, what limits answers and what they cost',
    load: async () => (await import('./ask/efficiency.js')).efficiencyCommand,
  },
  {
    name: 'cache',
    group: 'ask',
    summary: 'what response cache and prompt cache save and cost',
    load: async () => (await import('./ask/cache.js')).cacheCommand,
  },
  {
    name: 'quality',
    group: 'ask',
    summary: 'scores and feedback where the log has them, and what a good answer cost',
    load: async () => (await import('./ask/quality.js')).qualityCommand,
  },
  {
    name: 'latency',
    group: 'ask',
    summary: 'how fast calls are answered: quantiles, first token, tokens a second',
    load: async () => (await import('./ask/latency.js')).latencyCommand,
  },
  {
    name: 'errors',
    group: 'ask',
    summary: 'what fails, how often and at what cost; retries; kinds of error',
    load: async () => (await import('./ask/errors.js')).errorsCommand,
  },
  {
    name: 'sql',
    group: 'ask',
    summary: 'ask the database in SQL, read-only',
    load: async () => (await import('./ask/sql.js')).sqlCommand,
  },
  {
    name: 'columns',
    group: 'ask',
    summary: 'list what questions may be grouped and filtered by, and the figures they show',
    load: async () => (await import('./ask/columns.js')).columnsCommand,
  },
  {
    name: 'anomalies',
    group: 'watch',
    summary: 'hours that cost far more than usual, as incidents with their causes',
    load: async () => (await import('./watch/anomalies.js')).anomaliesCommand,
  },
  {
    name: 'check',
    group: 'watch',
    summary: 'judge the rules of the config file: exit 0 when none fires, 3 with what does',
    load: async () => (await import('./watch/check.js')).checkCommand,
  },
  {
    name: 'watch',
    group: 'watch',
    summary: 'follow logs that grow: the database stays current, one line says the cost',
    load: async () => (await import('./watch/watch.js')).watchCommand,
  },
  {
    name: 'statusline',
    group: 'watch',
    summary: "session, today and month in one line, for a coding agent's status line",
    load: async () => (await import('./watch/statusline.js')).statuslineCommand,
  },
  {
    name: 'listen',
    group: 'watch',
    summary: 'take traces and logs from OpenTelemetry SDKs and collectors, for watch and ingest to read',
    load: async () => (await import('./watch/listen.js')).listenCommand,
  },
  {
    name: 'alerts',
    group: 'watch',
    summary: 'what fires now, which channels were told, and who has it in hand',
    load: async () => (await import('./watch/alerts.js')).alertsCommand,
  },
  {
    name: 'metrics',
    group: 'watch',
    summary: 'figures for Prometheus: as a text file, or served over HTTP',
    load: async () => (await import('./watch/metrics.js')).metricsCommand,
  },
  {
    name: 'budget',
    group: 'money',
    summary: 'how each budget stands: spent, pace, forecast, and when it runs out',
    load: async () => (await import('./money/budget.js')).budgetCommand,
  },
  {
    name: 'reconcile',
    group: 'money',
    summary: 'compare bills with the calls, and say why they differ',
    load: async () => (await import('./money/reconcile.js')).reconcileCommand,
  },
  {
    name: 'forecast',
    group: 'money',
    summary: 'where this month, week or quarter will end, with an 80% interval',
    load: async () => (await import('./money/forecast.js')).forecastCommand,
  },
  {
    name: 'tiers',
    group: 'money',
    summary: 'unit economics: what the users of each tier cost, and the margin they leave',
    load: async () => (await import('./money/tiers.js')).tiersCommand,
  },
  {
    name: 'plans',
    group: 'money',
    summary: 'subscriptions: what their usage is worth, what they cost, and if another were cheaper',
    load: async () => (await import('./money/plans.js')).plansCommand,
  },
  {
    name: 'caps',
    group: 'money',
    summary: 'users who went over their caps, and what caps would refuse',
    load: async () => (await import('./money/caps.js')).capsCommand,
  },
  {
    name: 'optimize',
    group: 'money',
    summary: 'what to change, and what it would have saved on your own calls',
    load: async () => (await import('./money/optimize.js')).optimizeCommand,
  },
  {
    name: 'prices',
    group: 'money',
    summary: 'list unit prices; say where one comes from; find models without one',
    load: async () => (await import('./money/prices.js')).pricesCommand,
  },
  {
    name: 'simulate',
    group: 'money',
    summary: 'what if: other models, prices, caches, prompts, volumes and users, side by side',
    load: async () => (await import('./money/simulate.js')).simulateCommand,
  },
  {
    name: 'estimate',
    group: 'money',
    summary: 'tokens and cost of a prompt before it is sent, over several models',
    load: async () => (await import('./money/estimate.js')).estimateCommand,
  },
  {
    name: 'reprice',
    group: 'money',
    summary: 'price all calls in the database anew, after prices or overrides changed',
    load: async () => (await import('./money/reprice.js')).repriceCommand,
  },
  {
    name: 'mcp',
    group: 'share',
    summary: 'answer an agent: a server of the Model Context Protocol, over stdin and stdout',
    load: async () => (await import('./share/mcp.js')).mcpCommand,
  },
  {
    name: 'send',
    group: 'share',
    summary: 'send the report by mail',
    load: async () => (await import('./share/send.js')).sendCommand,
  },
  {
    name: 'export',
    group: 'share',
    summary: 'write calls, sums by hour, the report or FOCUS charges to a file: CSV, JSONL or Parquet',
    load: async () => (await import('./share/export.js')).exportCommand,
  },
  {
    name: 'rejects',
    group: 'keep',
    summary: 'list the records that were refused, and why',
    load: async () => (await import('./keep/rejects.js')).rejects,
  },
  {
    name: 'archive',
    group: 'keep',
    summary: 'move the calls of past days out of the database, into Parquet files or down to their sums',
    load: async () => (await import('./keep/archive.js')).archiveCommand,
  },
  {
    name: 'forget',
    group: 'keep',
    summary: "take a file's calls out of the database",
    load: async () => (await import('./keep/forget.js')).forget,
  },
  {
    name: 'trust',
    group: 'keep',
    summary: 'let a config file that came with other files name a database, send and run SQL',
    load: async () => (await import('./keep/trust.js')).trustCommand,
  },
  {
    name: 'completion',
    group: 'keep',
    summary: 'print the script that lets a shell complete commands, options and values',
    load: async () => (await import('./keep/completion.js')).completionCommand,
  },
]

/** Every command, loaded: for documentation and tests. */
export function loadCommands(): Promise<CommandSpec[]> {
  return Promise.all(commandEntries.map((entry) => entry.load()))
}
