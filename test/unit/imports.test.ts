/** The import rules are the linter's; this proves that it catches what they forbid and lets through the rest. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Its own files, domain and errors; domain is its own folder. */
const everywhere = (folder: string): string[] => {
  if (folder === 'domain') return ['./call.js', '../errors.js']
  const top = '../'.repeat(folder.split('/').length)
  return ['./own.js', `${top}domain/call.js`, `${top}errors.js`]
}

/** For each folder: what else it may import, and what it may not. */
const rules: Readonly<Record<string, { readonly may: readonly string[]; readonly not: readonly string[] }>> =
  {
    domain: {
      may: ['fastest-levenshtein'],
      not: ['date-fns', 'date-fns/format', 'node:fs', '../db/store.js'],
    },
    config: { may: ['env-paths', 'node:fs', 'yaml'], not: ['../db/store.js', 'commander'] },
    importers: { may: [], not: ['node:fs', '../ingest/stage.js', '../db/store.js', 'csv-parse/sync'] },
    billing: {
      may: ['../importers/importer.js'],
      not: ['../db/database.js', '../ingest/merging/merge.js', '../metrics/query.js', 'node:fs'],
    },
    bases: {
      may: ['../db/database.js'],
      not: ['../metrics/query.js', '../reports/report.js', '../commands/command.js', '@duckdb/node-api'],
    },
    metrics: {
      may: ['../rollups/parts.js', '../rollups/router.js'],
      not: ['../db/database.js', '../reports/report.js', '../rollups/upkeep.js', '@duckdb/node-api'],
    },
    rollups: {
      may: ['../db/database.js', '../db/store.js'],
      not: [
        '../metrics/query.js',
        '../ingest/merging/merge.js',
        '../reports/report.js',
        '@duckdb/node-api',
        'node:fs',
      ],
    },
    engines: {
      may: ['../db/database.js', '../pricing/book.js', '../rollups/upkeep.js', 'node:http'],
      not: ['../metrics/query.js', '../reports/report.js', '../commands/command.js', '@duckdb/node-api'],
    },
    mcp: { may: ['zod', 'lossless-json'], not: ['../db/store.js', '../commands/command.js', 'node:fs'] },
    statusline: {
      may: ['../db/file-pages.js', '../renderers/width.js', 'node:fs'],
      not: ['../db/store.js', '../metrics/query.js', '../commands/command.js', '@duckdb/node-api'],
    },
    track: {
      may: ['node:fs', 'node:async_hooks'],
      not: ['../config/load.js', '../db/store.js', 'commander'],
    },
    guard: {
      may: ['../config/file.js', '../pricing/book.js', 'node:crypto'],
      not: ['../db/store.js', '../commands/command.js', '../track/index.js', 'ioredis', 'redis'],
    },
    machine: { may: ['node:fs', 'node:path'], not: ['../db/store.js', 'commander'] },
    forecast: { may: [], not: ['../metrics/query.js', '../reports/report.js', 'node:fs'] },
    optimize: {
      may: ['../metrics/query.js', '../pricing/what-if/targets.js'],
      not: ['../reports/report.js', '../pricing/rates.js', '../db/store.js', 'node:fs'],
    },
    anomalies: { may: [], not: ['../metrics/query.js', '../reports/report.js', '../db/store.js', 'node:fs'] },
    rules: { may: [], not: ['../metrics/query.js', '../reports/report.js', '../db/store.js', 'node:fs'] },
    listen: {
      may: ['../importers/platforms/otel-names.js', '@bufbuild/protobuf/wire', 'node:http', 'lossless-json'],
      not: ['../db/store.js', '../ingest/ingest.js', '../commands/command.js', '@bufbuild/protobuf'],
    },
    pricing: {
      may: ['@pydantic/genai-prices', 'csv-parse/sync', 'gpt-tokenizer/BytePairEncodingCore'],
      not: ['../db/store.js', '../ingest/price.js'],
    },
    db: {
      may: ['../rollups/labels.js', '@duckdb/node-api', 'node:fs'],
      not: ['../metrics/query.js', '../ingest/merging/merge.js', '../rollups/upkeep.js'],
    },
    ingest: {
      may: [
        '../importers/registry.js',
        '../billing/registry.js',
        '../pricing/book.js',
        '../db/store.js',
        '../rollups/upkeep.js',
        'node:stream/promises',
      ],
      not: ['@duckdb/node-api', '../metrics/query.js', '../reports/ingest.js', '../commands/command.js'],
    },
    reports: {
      may: ['lossless-json'],
      not: ['../metrics/query.js', '../db/store.js', '../renderers/width.js', 'chalk'],
    },
    renderers: {
      may: ['../reports/report.js', 'get-east-asian-width', 'lossless-json'],
      not: ['../reports/weekly.js', '../metrics/query.js', 'node:fs', 'chalk'],
    },
    charts: {
      may: ['../renderers/markup.js', '../reports/report.js', 'd3-scale', 'd3-shape'],
      not: ['../reports/weekly.js', '../db/store.js', 'node:fs', 'chalk'],
    },
    exports: {
      may: [
        '../db/database.js',
        '../db/leftovers.js',
        '../reports/report.js',
        '../renderers/values.js',
        'node:fs',
      ],
      not: ['../db/store.js', '../metrics/query.js', '../reports/weekly.js', '../renderers/csv.js'],
    },
    'exports/prometheus': {
      may: ['../../machine/loopback.js', 'node:http', 'node:net'],
      not: ['../../metrics/query.js', '../../anomalies/build.js', '../../db/store.js', 'node:fs'],
    },
    'delivery/alerts': {
      may: ['../../db/database.js', '../../rules/fired.js', 'node:crypto'],
      not: ['../notify.js', '../../metrics/query.js', '../../reports/report.js', 'node:fs', 'nodemailer'],
    },
    delivery: {
      may: ['./alerts/due.js', '../renderers/table.js', '../reports/report.js', 'nodemailer/lib/errors'],
      not: [
        '../metrics/query.js',
        '../commands/command.js',
        '../ingest/merging/merge.js',
        '@duckdb/node-api',
      ],
    },
    questions: {
      may: [
        '../db/database.js',
        '../metrics/query.js',
        '../reports/notes.js',
        '../rollups/answering.js',
        'node:fs',
      ],
      not: [
        '../commands/command.js',
        '../renderers/registry.js',
        '../delivery/notify.js',
        '@duckdb/node-api',
      ],
    },
    commands: {
      may: ['../db/store.js', '../metrics/query.js', '../renderers/registry.js', 'node:stream/consumers'],
      not: ['@duckdb/node-api', 'commander', 'chalk', '../main.js'],
    },
  }

/** Folders that are not parted by family, or whose families have rules of their own. */
const flat = new Set([
  'renderers',
  'delivery',
  'forecast',
  'anomalies',
  'rules',
  'listen',
  'db',
  'rollups',
  'track',
  'guard',
  'mcp',
  'statusline',
  'machine',
])
for (const name of ['optimize', 'bases', 'charts', 'exports', 'exports/prometheus', 'delivery/alerts'])
  flat.add(name)

/** The same file, seen from a folder of the folder. */
const fromFamily = (specifier: string): string =>
  specifier.startsWith('./') || specifier.startsWith('../')
    ? `../${specifier.replace(/^\.\//, '')}`
    : specifier

let folder = ''
let caught = new Set<string>()

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'llmcost-lint-'))
  cpSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  for (const [name, { may, not }] of Object.entries(rules)) {
    for (const [i, specifier] of [...everywhere(name), ...may, ...not].entries()) {
      write(`src/${name}/case-${i}.ts`, `import { a } from '${specifier}'\nexport const b = a\n`)
      if (flat.has(name)) continue
      write(
        `src/${name}/family/case-${i}.ts`,
        `import { a } from '${fromFamily(specifier)}'\nexport const b = a\n`,
      )
    }
  }
  write('src/reports/types.ts', `import type { A } from '../metrics/query.js'\nexport type B = A\n`)
  write('src/metrics/lazy.ts', `export const lazy = (): unknown => import('../db/store.js')\n`)
  write('src/commands/ask/one.ts', `import { a } from '../money/budget.js'\nexport const b = a\n`)
  write('src/commands/ask/two.ts', `import { a } from '../budget-option.js'\nexport const b = a\n`)
  write('src/domain/time/calendar.ts', `import { a } from 'date-fns/addDays'\nexport const b = a\n`)
  caught = restricted()
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

/** Files in which the linter finds a forbidden import. */
function restricted(): Set<string> {
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint')
  const { stdout } = spawnSync(process.execPath, [oxlint, '-f', 'json', '.'], {
    cwd: folder,
    encoding: 'utf8',
  })
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] }
  return new Set(
    diagnostics
      .filter(({ code }) => code.includes('no-restricted-imports'))
      .map(({ filename }) => filename.replace(/^\.\//, '')),
  )
}

describe('who may import whom', () => {
  test('every folder of src has a rule', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((f) => f.isDirectory())
    const ruled = Object.keys(rules).filter((name) => !name.includes('/'))
    expect(ruled.toSorted()).toEqual(folders.map((f) => f.name).toSorted())
  })

  test.each(Object.entries(rules))('%s', (name, { may, not }) => {
    const all = [...everywhere(name), ...may, ...not]
    const found = all.filter((_, i) => caught.has(`src/${name}/case-${i}.ts`))
    expect(found).toEqual(not)
  })

  test.each(Object.entries(rules).filter(([name]) => !flat.has(name)))(
    '%s, by family',
    (name, { may, not }) => {
      const all = [...everywhere(name), ...may, ...not]
      const found = all.filter((_, i) => caught.has(`src/${name}/family/case-${i}.ts`))
      expect(found).toEqual(not)
    },
  )

  test('a verb imports no verb of another family', () => {
    expect(caught.has('src/commands/ask/one.ts')).toBe(true)
    expect(caught.has('src/commands/ask/two.ts')).toBe(false)
  })

  test('date-fns is used in one file, by subpath', () => {
    expect(caught.has('src/domain/time/calendar.ts')).toBe(false)
  })

  test('types pass where values do not, and a lazy import is an import', () => {
    expect(caught.has('src/reports/types.ts')).toBe(false)
    expect(caught.has('src/metrics/lazy.ts')).toBe(true)
  })
})

test('no folder of src lists more than 25 files and folders; src itself, a folder a capability, no more than 30', () => {
  const files = execFileSync('git', ['ls-files', 'src'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
  const listed = new Map<string, Set<string>>()
  for (const file of files) {
    const parts = file.split('/')
    for (let i = 1; i < parts.length; i++) {
      const above = parts.slice(0, i).join('/')
      listed.set(above, (listed.get(above) ?? new Set()).add(parts[i]!))
    }
  }
  expect(
    [...listed].filter(([name, names]) => names.size > (name === 'src' ? 30 : 25)).map(([name]) => name),
  ).toEqual([])
})

test('no file is named after nothing in particular', () => {
  const files = execFileSync('git', ['ls-files', 'src', 'test', 'scripts'], { cwd: root, encoding: 'utf8' })
  const vague = /(^|\/)(utils?|helpers?|common|misc|shared|tools|lib)(\.[a-z]+|\/|$)/m
  expect(files.split('\n').filter((file) => vague.test(file))).toEqual([])
})
