/** Completion in the real shells: typed into a terminal, with the tab key. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { emptyFolder, pinnedEnv, programPath, runWell, sharedFolder } from '../e2e/program.js'

const cwd = sharedFolder()
const bin = join(cwd, 'bin')
const socket = join(cwd, 'tmux')

const shells = {
  bash: { command: 'bash --norc --noprofile', setUp: 'PS1="> "; eval "$(llmcost completion bash)"' },
  zsh: {
    command: 'zsh -f',
    setUp: 'PS1="> "; autoload -Uz compinit && compinit -u; eval "$(llmcost completion zsh)"',
  },
  fish: {
    command: 'fish --no-config',
    setUp: 'function fish_prompt; echo "> "; end; llmcost completion fish | source',
  },
} as const

const tmux = (...args: string[]): string =>
  execFileSync('tmux', ['-S', socket, ...args], { encoding: 'utf8', env: environment() })

function environment(): Record<string, string> {
  const env = pinnedEnv(cwd, { LLMCOST_DB: join(cwd, 'costs.duckdb'), TERM: 'screen', LANG: 'C.UTF-8' })
  return { ...env, PATH: `${bin}:${env['PATH']}` }
}

const screen = (shell: string): string => tmux('capture-pane', '-p', '-t', shell)

/** Waits until the screen shows it; a shell takes its time to start. */
async function shows(shell: string, text: string): Promise<string> {
  for (let tries = 0; tries < 150; tries++) {
    const seen = screen(shell)
    if (seen.includes(text)) return seen
    await new Promise((done) => setTimeout(done, 100))
  }
  throw new Error(`${shell} never showed ${JSON.stringify(text)}:\n${screen(shell)}`)
}

/** Empties the line and the screen: a shell that is still completing takes the first Ctrl-C for that alone. */
async function empties(shell: string): Promise<void> {
  for (let tries = 0; tries < 30; tries++) {
    tmux('send-keys', '-t', shell, 'C-c')
    tmux('send-keys', '-t', shell, 'C-l')
    for (let looks = 0; looks < 5; looks++) {
      await new Promise((done) => setTimeout(done, 100))
      if (screen(shell).trim() === '>') return
    }
  }
  throw new Error(`${shell} never had an empty line:\n${screen(shell)}`)
}

beforeAll(async () => {
  mkdirSync(bin)
  writeFileSync(join(bin, 'llmcost'), `#!/bin/sh\nexec '${process.execPath}' '${programPath()}' "$@"\n`)
  chmodSync(join(bin, 'llmcost'), 0o755)
  const calls = ['invoices', 'invoices', 'contracts', 'two words'].map((feature, i) =>
    JSON.stringify({
      timestamp: '2026-10-05T08:00:00Z',
      request_id: `r${i}`,
      model: 'gpt-4o',
      feature,
      input_tokens: 10,
      output_tokens: 1,
    }),
  )
  writeFileSync(join(cwd, 'calls.jsonl'), `${calls.join('\n')}\n`)
  await runWell(['ingest', 'calls.jsonl', '--db', 'costs.duckdb'], { cwd })
})

afterAll(async () => {
  const pids = tmux('list-panes', '-a', '-F', '#{pane_pid}').trim().split('\n').map(Number)
  tmux('kill-server')
  // Shells write their histories before they end; the folder can go after that.
  for (let tries = 0; tries < 100 && pids.some(lives); tries++)
    await new Promise((done) => setTimeout(done, 50))
})

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe.each(Object.entries(shells))('%s', (shell, { command, setUp }) => {
  beforeAll(async () => {
    tmux('-f', '/dev/null', 'new-session', '-d', '-s', shell, '-x', '120', '-y', '50', '-c', cwd, command)
    tmux('send-keys', '-t', shell, '-l', `${setUp}; clear; echo rea''dy`)
    tmux('send-keys', '-t', shell, 'Enter')
    await shows(shell, 'ready')
  })

  test.each([
    ['llmcost ingest --dry', 'llmcost ingest --dry-run'],
    ['llmcost brea', 'llmcost breakdown'],
    ['llmcost breakdown --by user_id,feat', 'llmcost breakdown --by user_id,feature'],
    ['llmcost calls --where feature=inv', 'llmcost calls --where feature=invoices'],
    ['llmcost calls --where=feature=con', 'llmcost calls --where=feature=contracts'],
    ['llmcost prices expl', 'llmcost prices explain'],
    ['llmcost ingest cal', 'llmcost ingest calls.jsonl'],
  ])('%s', async (typed, completed) => {
    await empties(shell)
    tmux('send-keys', '-t', shell, '-l', typed)
    await shows(shell, typed)
    tmux('send-keys', '-t', shell, 'Tab')
    await shows(shell, completed)
  })
})

test('without a database, a value is no error', async () => {
  const answer = await runWell(['completion', 'words', '--', 'calls', '--where', 'feature='], {
    cwd: emptyFolder(),
  })
  expect(answer).toBe(':\n')
})
