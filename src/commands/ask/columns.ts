/** `llmcost columns`: what questions may be grouped and filtered by, and the figures they show. */
import { centerDimension, dimensions } from '../../domain/dimensions.js'
import { measureNames, measureOf } from '../../metrics/measures/registry.js'
import { columnsReport } from '../../reports/store/lists.js'
import { configOption, outputOptions, type CommandSpec } from '../command.js'

export const columnsCommand: CommandSpec = {
  name: 'columns',
  summary: 'list what questions may be grouped and filtered by, and the figures they show',
  options: [configOption, ...outputOptions],
  examples: [
    { command: 'llmcost columns', about: 'dimensions, time buckets and figures' },
    { command: 'llmcost columns --json', about: 'for a program' },
  ],
  run: () => {
    const figures = measureNames.map((name) => ({ name, is: measureOf(name).is }))
    return Promise.resolve({ report: columnsReport([...dimensions, centerDimension], figures) })
  },
}
