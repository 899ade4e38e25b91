/**
 * The dashboard is made of what Grafana knows: its JSON is held against the types that Grafana itself is built
 * with, by the compiler, in which a wrong key or a mode that does not exist is an error.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { dashboard } from '../../scripts/dashboard.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where Grafana keeps the options of the panels that are used. */
const panels = {
  bargauge: 'bargauge/panelcfg/x/BarGaugePanelCfg_types.gen',
  piechart: 'piechart/panelcfg/x/PieChartPanelCfg_types.gen',
  stat: 'stat/panelcfg/x/StatPanelCfg_types.gen',
  timeseries: 'timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen',
} as const

interface Panel {
  readonly type: string
  readonly options: unknown
  readonly fieldConfig: { readonly defaults: { readonly custom?: unknown } }
}

/** A program that compiles where the dashboard is one of Grafana's. Options that are left out have defaults. */
function program(json: string): string {
  const board = JSON.parse(json) as { readonly panels: readonly Panel[] }
  const modules = Object.entries(panels).map(
    ([name, path]) => `import type * as ${name} from '@grafana/schema/dist/esm/raw/composable/${path}'`,
  )
  const configured = board.panels.map(({ type, options, fieldConfig: { defaults } }) => {
    const custom = defaults.custom === undefined ? 'undefined' : JSON.stringify(defaults.custom)
    const known = type === 'timeseries' ? 'Given<timeseries.FieldConfig>' : 'unknown'
    return `[${JSON.stringify(options)} satisfies Given<${type}.Options>, ${custom} satisfies ${known} | undefined]`
  })
  return `import type { Dashboard } from '@grafana/schema'
${modules.join('\n')}
type Plain<T> = T extends string ? \`\${T}\` : T extends readonly (infer E)[] ? Plain<E>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T
type Given<T> = T extends string ? \`\${T}\` : T extends readonly (infer E)[] ? Given<E>[] : T extends object ? { [K in keyof T]?: Given<T[K]> } : T
export const board: Plain<Dashboard> = ${json}
export const configured = [${configured.join(',\n')}]
`
}

/** What the compiler says of it; nothing when all is well. */
function compiled(json: string): string {
  const folder = mkdtempSync(join(root, 'node_modules', '.dashboard-'))
  try {
    const file = join(folder, 'dashboard.ts')
    writeFileSync(file, program(json))
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--types', '', '--ignoreConfig']
    const target = ['--module', 'nodenext', '--target', 'es2023']
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    return spawnSync(process.execPath, [tsc, ...options, ...target, file], { encoding: 'utf8' }).stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('it compiles against the types of Grafana', () => {
  expect(compiled(dashboard())).toBe('')
})

test.each([
  ['"mode": "absolute"', '"mode": "absolut"'],
  ['"orientation": "horizontal"', '"orientation": "level"'],
  ['"fillOpacity":', '"fillOpaqueness":'],
  ['"schemaVersion": 39', '"schemaVersion": "39"'],
])('and would not with %s as %s', (right, wrong) => {
  expect(dashboard()).toContain(right)
  expect(compiled(dashboard().replace(right, wrong))).toContain('error TS')
})
