/**
 * Runs the installed program in one process, as often as it is told to: its `main`, with the arguments, the
 * environment, the folder and the stdin of each run, and all that it writes. Starting Node and the engine costs more
 * than most answers. Told by together.ts, which says what this may stand for; it ends with whoever tells it.
 */
import { Buffer } from 'node:buffer'
import { readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'

const dist = new URL('../dist/', pathToFileURL(process.argv[2]))
const tell = process.send.bind(process)
/** The looks whose answers are remembered, one set of them after another. */
let looks
let main
// What each run waits for on them is no leak.
for (const stream of [process, process.stdout, process.stderr]) stream.setMaxListeners(0)

// One order at a time is sent.
process.on('message', (order) => void ran(order).then(tell))
process.once('disconnect', () => process.exit())

/** One run, as a process of its own would do it: nothing of the one before is left. */
async function ran({ args, env, cwd, input, looks: asked }) {
  process.chdir(cwd)
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  process.argv.splice(1, Infinity, 'llmcost', ...args)
  process.exitCode = undefined
  Object.defineProperty(process, 'stdin', { configurable: true, value: Readable.from(bytesOf(input)) })
  const stdout = caught(process.stdout)
  const stderr = caught(process.stderr)
  const shown = (code) => ({ stdout: stdout(), stderr: stderr(), code, signal: null })
  const ended = (code) => tell(shown(code))
  process.once('exit', ended)
  if (asked !== looks) await remember(asked)
  // It runs when it is loaded, and from then on when it is called.
  if (main === undefined) main = (await import(new URL('main.js', dist).href)).main
  else await main(args)
  process.removeListener('exit', ended)
  if (args.includes('export')) removeExports()
  const told = shown(process.exitCode ?? 0)
  process.exitCode = undefined
  return told
}

/** What was on its way to stdout lies in the private folder of the process, until that ends. */
function removeExports() {
  for (const folder of readdirSync(tmpdir()).filter((name) => name.startsWith(`llmcost-${process.pid}-`)))
    for (const name of readdirSync(join(tmpdir(), folder)))
      if (name.startsWith('export.')) rmSync(join(tmpdir(), folder, name))
}

const bytesOf = (input) => (input === '' ? [] : [Buffer.from(input, 'base64')])

/** Keeps what is written to a stream; the answer lets it go and says what it was. */
function caught(stream) {
  const parts = []
  stream.write = (chunk, encoding, done = encoding) => {
    parts.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    if (typeof done === 'function') process.nextTick(done)
    return true
  }
  return () => {
    delete stream.write
    return Buffer.concat(parts).toString('utf8')
  }
}

const answers = new Map()
let wrapped = false

/**
 * A command that was asked the same a moment ago, among the same looks, answers the same, with its warnings: the
 * format, the width and the colours are main's to see to, and no command is told of them.
 */
async function remember(asked) {
  looks = asked
  answers.clear()
  if (wrapped) return
  wrapped = true
  const { commandEntries } = await import(new URL('commands/registry.js', dist).href)
  for (const entry of commandEntries) {
    const load = entry.load.bind(entry)
    let spec
    entry.load = async () => (spec ??= remembering(await load(), entry.name))
  }
}

function remembering(spec, name) {
  return {
    ...spec,
    ...(spec.subcommands && {
      subcommands: spec.subcommands.map((sub) => remembering(sub, `${name} ${sub.name}`)),
    }),
    run: async (invocation) => {
      if (looks === undefined) return spec.run(invocation)
      const key = question(name, invocation)
      let answer = answers.get(key)
      if (answer === undefined) {
        const warnings = []
        const { terminal } = invocation
        const warn = (said) => void warnings.push(said)
        answer = { outcome: await spec.run({ ...invocation, terminal: { ...terminal, warn } }), warnings }
        answers.set(key, answer)
      }
      for (const said of answer.warnings) invocation.terminal.warn(said)
      return answer.outcome
    },
  }
}

/** All that a command is asked, without the looks of its answer. */
function question(name, { args, options, env, ownFormat, terminal }) {
  const { format: _, json: __, color: ___, ...asked } = options
  const { COLUMNS: _c, NO_COLOR: _n, FORCE_COLOR: _f, ...around } = env
  return JSON.stringify([name, args, asked, around, ownFormat, terminal.interactive])
}
