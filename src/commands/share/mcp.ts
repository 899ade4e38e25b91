/**
 * `llmcost mcp`: the questions for agents. Each is asked in a process of its own: its answer is that of the command
 * itself, the database is free between two questions, and no question can take another down.
 */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { serveTools, toolNames, usualRows, type Asked } from '../../mcp/server.js'
import { storeOptions, type CommandSpec, type Invocation } from '../command.js'
import { optionText } from '../option-values.js'

/** A question takes a second, on ten million calls some. */
const timeoutMs = 300_000

export const mcpCommand: CommandSpec = {
  name: 'mcp',
  summary: 'answer an agent: a server of the Model Context Protocol, over stdin and stdout',
  details: `Tools: ${toolNames.join(', ')}. They only read; each answers with the JSON of its command, ${usualRows} rows of a table unless the agent asks for more, and never with what calls said of their failures, which may quote prompts.`,
  options: [...storeOptions],
  examples: [
    { command: 'llmcost mcp --db calls.duckdb', about: 'what a client runs, by its own configuration' },
    { command: 'claude mcp add llmcost -- npx llmcost mcp', about: 'make it known to Claude Code' },
  ],
  run: async (invocation) => {
    const store = storeWords(invocation)
    const ended = new Promise<void>((resolve) => {
      process.stdin.once('end', resolve)
      process.stdin.once('close', resolve)
    })
    serveTools(
      invocation.version,
      (args) => asked(args, store),
      (error) => invocation.terminal.warn(error.message),
    )
    await ended
    return { written: true }
  },
}

/** Options of the server that every question has, too. */
const storeWords = (invocation: Invocation): readonly string[] =>
  ['config', 'db', 'archive', 'lockTimeout', 'memoryLimit']
    .filter((name) => invocation.given(name))
    .map((name) => {
      const flag = name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)
      return `--${flag}=${optionText(invocation, name) ?? ''}`
    })

async function asked([name = '', ...words]: readonly string[], store: readonly string[]): Promise<Asked> {
  const child = spawn(process.execPath, [process.argv[1]!, name, '--json', '--quiet', ...store, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    env: { ...process.env, NO_COLOR: '1' },
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [json, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  if (code === 0 && json !== '') return { json }
  return { failure: stderr.trim() || `the question took longer than ${timeoutMs / 1000} s` }
}
