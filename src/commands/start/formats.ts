/** `llmcost formats`: the logs and bills that can be read, and the formats of answers. */
import { billSources } from '../../billing/registry.js'
import { importers } from '../../importers/registry.js'
import { renderers } from '../../renderers/registry.js'
import { agentFolders, agentHomes } from '../../ingest/files/agent-homes.js'
import type { Importer } from '../../importers/importer.js'
import { formatsReport, logsHereReport, type AgentLogs, type LogFormat } from '../../reports/store/lists.js'
import { machineOf } from '../settings.js'
import type { Report } from '../../reports/report.js'
import { configOption, outputOptions, type CommandSpec, type Invocation } from '../command.js'

export const formatsCommand: CommandSpec = {
  name: 'formats',
  summary: 'list the logs and bills that can be read, and the formats of answers',
  options: [
    { flags: '--here', about: "show this user's logs of coding agents, where they are and how large" },
    configOption,
    ...outputOptions,
  ],
  examples: [
    { command: 'llmcost formats', about: 'names for --from and --format' },
    { command: 'llmcost formats --here', about: 'what lies on this machine' },
    { command: 'llmcost formats --json', about: 'for a program' },
  ],
  run: ({ options, env }) => {
    if (options['here'] === true) return Promise.resolve({ report: logsHere(env) })
    const logs = listed(importers)
    const bills = listed(billSources)
    const answers = renderers.map(({ id, title }) => ({ name: id, about: title }))
    return Promise.resolve({ report: formatsReport(logs, bills, answers) })
  },
}

type Described = Pick<Importer, 'id' | 'about' | 'example' | 'recognisedBy' | 'lacks'>

const listed = (formats: readonly Described[]): LogFormat[] =>
  formats
    .map(({ id, about, example, recognisedBy, lacks }) => ({
      name: id,
      about,
      where: example,
      recognised_by: recognisedBy.replaceAll('`', ''),
      lacks,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))

function logsHere(env: Invocation['env']): Report {
  const machine = machineOf(env)
  if (machine === undefined) return logsHereReport([], [])
  const logs = agentFolders(machine).map(({ agent, label, files }): AgentLogs => {
    const times = files.map(({ mtimeMs }) => mtimeMs)
    const time = (ms: number): string => new Date(ms).toISOString()
    return {
      name: agent ?? '',
      folder: label,
      files: files.length,
      bytes: files.reduce((sum, { size }) => sum + size, 0),
      oldest: time(times.reduce((a, b) => Math.min(a, b))),
      newest: time(times.reduce((a, b) => Math.max(a, b))),
    }
  })
  return logsHereReport(
    logs.toSorted((a, b) => b.bytes - a.bytes),
    agentHomes(machine),
  )
}
