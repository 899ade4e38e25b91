/** `llmcost formats`: the logs that can be read, and the formats of answers. */
import { importers } from '../../importers/registry.js'
import { renderers } from '../../renderers/registry.js'
import { formatsReport } from '../../reports/store/lists.js'
import { configOption, outputOptions, type CommandSpec } from '../command.js'

export const formatsCommand: CommandSpec = {
  name: 'formats',
  summary: 'list the logs that can be read, and the formats of answers',
  options: [configOption, ...outputOptions],
  examples: [
    { command: 'llmcost formats', about: 'names for --from and --format' },
    { command: 'llmcost formats --json', about: 'for a program' },
  ],
  run: () => {
    const logs = importers
      .map(({ id, about }) => ({ name: id, about }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const answers = renderers.map(({ id, title }) => ({ name: id, about: title }))
    return Promise.resolve({ report: formatsReport(logs, answers) })
  },
}
