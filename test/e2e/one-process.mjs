/**
 * Runs the installed program several times in one process, one run after the other: its `main`, with the arguments
 * and the environment of each, and all that it writes. Starting Node and the engine costs more than most answers.
 * Asked by `runTogether` in together.ts, which says what this may stand for.
 */
import { Buffer } from 'node:buffer'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'

const { program, runs, asksOnce } = JSON.parse(await text(process.stdin))
const dist = new URL('../dist/', pathToFileURL(program))
const tell = process.stdout.write.bind(process.stdout)
if (asksOnce) await rememberAnswers()

const told = []
for (const [i, { args, env }] of runs.entries()) told.push(await ran(i, args, env))
tell(JSON.stringify(told))

/** One run, as a process of its own would do it: nothing of the one before is left. */
async function ran(i, args, env) {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  process.argv.splice(2, Infinity, ...args)
  process.exitCode = undefined
  const stdout = caught(process.stdout)
  const stderr = caught(process.stderr)
  await import(new URL(`main.js?run=${i}`, dist).href)
  const shown = { stdout: stdout(), stderr: stderr(), code: process.exitCode ?? 0, signal: null }
  process.removeAllListeners('uncaughtException')
  process.exitCode = undefined
  return shown
}

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
    stream.removeAllListeners('error')
    return Buffer.concat(parts).toString('utf8')
  }
}

/**
 * A command that was asked the same a moment ago answers the same, with its warnings: the format, the width and the
 * colours are main's to see to, and no command is told of them.
 */
async function rememberAnswers() {
  const { commandEntries } = await import(new URL('commands/registry.js', dist).href)
  for (const entry of commandEntries) {
    const load = entry.load.bind(entry)
    let spec
    entry.load = async () => (spec ??= remembering(await load()))
  }
}

function remembering(spec) {
  const answers = new Map()
  return {
    ...spec,
    ...(spec.subcommands && { subcommands: spec.subcommands.map(remembering) }),
    run: async (invocation) => {
      const key = question(invocation)
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
function question({ args, options, env, ownFormat, terminal }) {
  const { format: _, json: __, color: ___, ...asked } = options
  const { COLUMNS: _c, NO_COLOR: _n, FORCE_COLOR: _f, ...around } = env
  return JSON.stringify([args, asked, around, ownFormat, terminal.interactive])
}
