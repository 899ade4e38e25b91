/** Commands that people try by another word: what each is called here. */
import { dimensions, shortForms, timeBuckets } from '../../domain/dimensions.js'
import { closestNames, isSlipOf } from '../../domain/words/names.js'
import { UserError } from '../../errors.js'

/** The command to type, by the words that are tried for it. */
export const synonyms: Readonly<Record<string, readonly string[]>> = {
  'llmcost ingest <logs>': ['import', 'load', 'add', 'read', 'parse', 'sync', 'index', 'collect'],
  'llmcost report': [
    'cost',
    'costs',
    'spend',
    'spending',
    'usage',
    'summary',
    'overview',
    'show',
    'dashboard',
  ],
  'llmcost calls': ['ls', 'list', 'requests', 'logs', 'log', 'tail', 'expensive'],
  'llmcost breakdown --by user --top 10': ['top'],
  'llmcost breakdown --by day': ['daily', 'days', 'today'],
  'llmcost breakdown --by week': ['weekly', 'weeks'],
  'llmcost breakdown --by month': ['monthly', 'months'],
  'llmcost breakdown --by hour': ['hourly', 'hours', 'blocks'],
  'llmcost breakdown': ['group', 'groups', 'by', 'tokens'],
  'llmcost trend': ['growth', 'history', 'timeline', 'chart', 'graph', 'plot'],
  'llmcost compare': ['diff', 'versus', 'vs'],
  'llmcost explain <call_id>': ['why', 'call', 'trace'],
  'llmcost anomalies': ['spikes', 'outliers', 'incidents', 'incident', 'spike', 'detect'],
  'llmcost forecast': ['predict', 'prediction', 'projection', 'project'],
  'llmcost latency': ['speed', 'slow', 'slowest', 'performance', 'perf'],
  'llmcost errors': ['failures', 'failed', 'retries', 'fails'],
  'llmcost efficiency': ['waste', 'truncation'],
  'llmcost optimize': ['optimise', 'recommend', 'advice'],
  'llmcost simulate': ['what-if', 'whatif', 'scenario', 'scenarios'],
  'llmcost estimate': ['tokenize', 'tokenizer', 'count'],
  'llmcost quality': ['scores', 'feedback'],
  'llmcost cache': ['caching', 'hits', 'savings'],
  'llmcost sql <query>': ['query', 'select', 'sqlite', 'duckdb', 'db', 'shell'],
  'llmcost check': ['gate', 'rules', 'assert', 'test', 'ci'],
  'llmcost alerts': ['notify', 'notifications'],
  'llmcost metrics': ['prometheus', 'serve', 'server', 'exporter', 'grafana'],
  'llmcost budget': ['limit', 'limits', 'quota', 'quotas'],
  'llmcost plans': ['plan', 'subscription', 'subscriptions', 'credits', 'seats'],
  'llmcost prices': ['pricing', 'rates', 'pricelist'],
  'llmcost prices update': ['update', 'upgrade', 'refresh'],
  'llmcost reprice': ['recalculate', 'recompute', 'reprocess'],
  'llmcost tiers': ['margin', 'margins', 'revenue'],
  'llmcost export calls --output calls.csv': ['csv', 'dump', 'save', 'parquet', 'download'],
  'llmcost send': ['mail', 'email', 'slack'],
  'llmcost init': ['config', 'configure', 'setup', 'settings', 'install'],
  'llmcost doctor': ['validate', 'diagnose', 'debug', 'verify'],
  'llmcost status': ['info', 'stats', 'files', 'where'],
  'llmcost rejects': ['rejected', 'invalid', 'bad'],
  'llmcost forget <files>': ['delete', 'remove', 'rm', 'drop', 'reset', 'clear', 'clean'],
  'llmcost formats': ['importers', 'sources'],
  'llmcost columns': ['dimensions', 'fields', 'schema', 'figures', 'measures'],
  'llmcost help options': ['options', 'flags'],
  'llmcost --help': ['man', 'commands'],
}

/**
 * A word in the place of a command that is none.
 * @param names all commands
 */
export function unknownCommand(word: string, names: readonly string[]): UserError {
  return new UserError(`unknown command '${word}'`, { code: 'usage', hint: meant(word, names) })
}

function meant(word: string, names: readonly string[]): string {
  const typed = word.toLowerCase().replaceAll('_', '-')
  const synonym = Object.entries(synonyms).find(([, words]) => words.includes(typed))?.[0]
  const command = synonym ?? grouped(typed)
  if (command !== undefined) return `Did you mean ${command}? llmcost --help lists all commands.`
  const near = names.filter((name) => isSlipOf(typed, name))
  return near.length === 0
    ? 'See llmcost --help.'
    : `Did you mean llmcost ${closestNames(typed, near, 1).join()}?`
}

/** `models`, `user`, `team`: what may be grouped by. */
function grouped(word: string): string | undefined {
  const known = [...dimensions.map(({ key }) => key), ...Object.keys(shortForms), ...timeBuckets]
  const forms = [word, word.replace(/s$/, ''), word.replace(/ies$/, 'y')].map((one) =>
    one.replaceAll('-', '_'),
  )
  const found = forms.find((form) => known.includes(form))
  return found === undefined ? undefined : `llmcost breakdown --by ${found.replaceAll('_', '-')}`
}
