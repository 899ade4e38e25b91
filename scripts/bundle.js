/**
 * The last step of the build: few files of many, for each that Node looks for, reads and links costs every run of the
 * program half a millisecond. What a command loads late stays a file of its own, and names stay as they are written.
 * The functions of date-fns that are used, DuckDB's client and a tokenizer go in as well, with their licences beside
 * them: no user installs the first whole, the second is one file where it was a hundred, and of the third the tables of
 * two encodings are kept, compressed: 1.2 MB, where the package has 30. Readers of YAML and JSON bring builds for
 * browsers and other modules along: a tenth of each is used.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import { rolldown } from 'rolldown'
import { minifySync } from 'rolldown/utils'

const packages = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules')
const built = resolve(process.argv[2] ?? 'dist')
const main = join(built, 'main.js')

/** Packages that go in; the user installs the others. */
const putIn =
  /^(?:date-fns|@date-fns\/tz|@duckdb\/node-api|gpt-tokenizer|lossless-json|yaml|@bufbuild\/protobuf|@modelcontextprotocol\/(?:server|core)|zod)(?:\/|$)/
const isPackage = /^[^./]/

/** What so many of the files that are loaded late share is in one file: nearly every command reads most of it. */
const sharedByMany = 12

/** The native part of the engine stands beside its client's package, wherever that is. */
const native = '@duckdb/node-bindings'
const nativeBesideClient = `module.exports = require('node:module')
  .createRequire(require.resolve('@duckdb/node-api'))('${native}')`

/** What `main` imports, directly or not, without what it loads late. */
const atStart = new Set()

/** A coding agent runs the status line after each message: what it imports, directly or not, is a file that others share. */
const inLine = new Set()
const lineEntries = [join('watch', 'statusline.js'), 'help.js'].map((name) => join(built, 'commands', name))

const engine = {
  name: 'engine',
  resolveId: (id) => (id === native ? { id: `\0${native}` } : undefined),
  load: (id) => {
    if (id === `\0${native}`) return nativeBesideClient
    return id === join(built, 'db', 'engine.js')
      ? `import * as engine from '@duckdb/node-api'\nexport { engine }`
      : undefined
  },
}

/** Tables of a tokenizer: each becomes a compressed file, and a module that reads it when it is asked for. */
const tables = new Map()
const encodings = {
  name: 'encodings',
  async load(id) {
    const name = /gpt-tokenizer\/esm\/bpeRanks\/(\w+)\.js$/.exec(id)?.[1]
    if (name === undefined) return undefined
    const { default: ranks } = await import(pathToFileURL(id).href)
    tables.set(`${name}.br`, packed(JSON.stringify(ranks)))
    return `import { readFileSync } from 'node:fs'
import { brotliDecompressSync } from 'node:zlib'
export default JSON.parse(brotliDecompressSync(readFileSync(new URL('./${name}.br', import.meta.url))))`
  },
}

/** A step below the best compression takes a tenth of the time, and a tenth more room. */
const packed = (text) =>
  brotliCompressSync(text, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 },
  })

const start = {
  name: 'start',
  buildEnd() {
    const collect = (entry, into) => {
      const imported = [entry]
      for (const id of imported) {
        into.add(id)
        for (const next of this.getModuleInfo(id)?.importedIds ?? []) if (!into.has(next)) imported.push(next)
      }
      into.delete(entry)
    }
    collect(main, atStart)
    for (const entry of lineEntries) collect(entry, inLine)
  },
}

function onLog(_, { code, message }) {
  // One command may load late what another loads at once.
  if (code !== 'INEFFECTIVE_DYNAMIC_IMPORT') throw new Error(message)
}

const bundle = await rolldown({
  input: {
    main,
    // A process of its own.
    'apart-process': join(built, 'db', 'apart-process.js'),
    // Where tests and benchmarks look into the program.
    'commands/registry': join(built, 'commands', 'registry.js'),
    'db/database': join(built, 'db', 'database.js'),
  },
  platform: 'node',
  // Compressing tables takes a second, on a busy machine more.
  checks: { pluginTimings: false },
  // What is built may lie outside the checkout; what cannot be found must not be left to the user's machine.
  resolve: { modules: [packages] },
  external: (id) => isPackage.test(id) && id !== native && !putIn.test(id) && !id.startsWith(built),
  plugins: [engine, encodings, start],
  onLog,
})
const { output } = await bundle.generate({
  format: 'esm',
  comments: false,
  minifyInternalExports: false,
  chunkFileNames: '[name].js',
  codeSplitting: {
    groups: [
      { name: 'start', priority: 3, test: (id) => atStart.has(id) || id === '\0rolldown/runtime.js' },
      { name: 'line', priority: 2, test: (id) => inLine.has(id) },
      { name: 'shared', priority: 1, minShareCount: sharedByMany },
    ],
  },
})
await bundle.close()

/**
 * What applications load, for both kinds of modules: a file of its own, and others beside it for what is loaded late. Of
 * packages there is what the program has inside it, and what it asks for itself.
 */
const libraries = ['track', 'guard']
const entries = []
for (const name of libraries) {
  const required = join(built, name, 'required.js')
  for (const [format, folder, input] of [
    ['esm', name, join(built, name, 'index.js')],
    // Where there is a way to take most of it from the modules.
    ['cjs', join(name, 'cjs'), existsSync(required) ? required : join(built, name, 'index.js')],
  ]) {
    const library = await rolldown({
      input: { index: input },
      platform: 'node',
      resolve: { modules: [packages] },
      external: (id) => isPackage.test(id) && !putIn.test(id) && !id.startsWith(built),
      onLog,
    })
    const made = await library.generate({
      format,
      comments: false,
      exports: 'named',
      chunkFileNames: '[name].js',
    })
    await library.close()
    for (const { fileName, code } of made.output)
      entries.push({ path: join(built, folder, fileName), code: minifySync(fileName, code).code })
  }
}

/** Nearly all of these is a library's: the protocol's for agents, the database's client, protobuf's wire format. Nobody reads it here. */
const others = new Set(['mcp.js', 'engine.js', 'listen.js'])

/** Without the marks of where a module began. */
const plain = (code) => code.replaceAll(/^\/\/#(?:end)?region.*\n/gm, '')

// All files lie in one folder: what is found beside a file of the sources is found beside any of these.
rmSync(built, { recursive: true })
for (const { fileName, code } of output) {
  mkdirSync(dirname(join(built, fileName)), { recursive: true })
  writeFileSync(join(built, fileName), others.has(fileName) ? minifySync(fileName, code).code : plain(code))
}

for (const { path, code } of entries) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, code)
}
// Types for both kinds: those of a folder are of the kind that its package says.
for (const name of libraries) {
  writeFileSync(join(built, name, 'cjs', 'package.json'), '{ "type": "commonjs" }\n')
  for (const folder of [name, join(name, 'cjs')])
    execFileSync(process.execPath, [
      join(packages, 'typescript', 'bin', 'tsc'),
      '-p',
      join(packages, '..', 'tsconfig.libraries.json'),
      '--outDir',
      join(built, folder, 'types'), // prettier-ignore
    ])
}

/** Types that nobody can reach from the entry are no user's. */
for (const { name, types } of libraries.flatMap((name) =>
  [name, join(name, 'cjs')].map((folder) => ({ name, types: join(built, folder, 'types') })),
)) {
  const reached = new Set([join(types, name, 'index.d.ts')])
  for (const path of reached)
    for (const [, to] of readFileSync(path, 'utf8').matchAll(/from '(\.[^']+)\.js'/g))
      reached.add(join(dirname(path), `${to}.d.ts`))
  for (const path of readdirSync(types, { recursive: true }))
    if (path.endsWith('.d.ts') && !reached.has(join(types, path))) rmSync(join(types, path))
}

for (const [name, bytes] of tables) writeFileSync(join(built, name), bytes)

const licences = [
  ['date-fns/LICENSE.md', 'date-fns.md'],
  ['@date-fns/tz/LICENSE.md', 'date-fns-tz.md'],
  ['@duckdb/node-api/LICENSE', 'duckdb-node-api.md'],
  ['gpt-tokenizer/LICENSE', 'gpt-tokenizer.md'],
  ['lossless-json/LICENSE.md', 'lossless-json.md'],
  ['yaml/LICENSE', 'yaml.md'],
  ['@modelcontextprotocol/server/LICENSE', 'modelcontextprotocol.md'],
  ['zod/LICENSE', 'zod.md'],
]
mkdirSync(join(built, 'licences'), { recursive: true })
for (const [from, to] of licences) cpSync(join(packages, from), join(built, 'licences', to))

/** Protobuf's wire format: the package has no file of its licences. One stands at the head of a file, the other is Apache's, whose text is everybody's. */
const wire = join(packages, '@bufbuild', 'protobuf', 'dist', 'esm', 'wire')
const head = (name) =>
  /^(?:\/\/.*\n)+/.exec(readFileSync(join(wire, name), 'utf8'))[0].replaceAll(/^\/\/ ?/gm, '')
const [apache] = readFileSync(join(packages, 'typescript', 'LICENSE'), 'utf8').split(
  'END OF TERMS AND CONDITIONS',
)
writeFileSync(
  join(built, 'licences', 'bufbuild-protobuf.md'),
  [head('varint.js'), head('binary-encoding.js'), apache.trimEnd()].join('\n'),
)
