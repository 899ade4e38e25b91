/** What a run of the program showed, as text for a golden file: the command, stdout, stderr, exit code. */
import { join } from 'node:path'
import { expect } from 'vitest'
import { run, type RunOptions } from '../../e2e/program.js'

/** Runs the program and compares all that it showed with `__files__/<name>.txt`. */
export async function expectRecorded(
  name: string,
  args: readonly string[],
  options: RunOptions,
): Promise<void> {
  const { stdout, stderr, code } = await run(args, options)
  const settings = Object.entries(options.env ?? {}).map(([key, value]) => `${key}=${value} `)
  const text = [
    `$ ${settings.join('')}llmcost ${args.map(quoted).join(' ')}`,
    ...part('stdout', stdout),
    ...part('stderr', stderr),
    `[exit ${code}]\n`,
  ].join('\n')
  const file = join(import.meta.dirname, '__files__', `${name}.txt`)
  await expect(settled(text, options.cwd)).toMatchFileSnapshot(file)
}

const part = (name: string, text: string): string[] => (text === '' ? [] : [`[${name}]`, text.trimEnd()])

const quoted = (arg: string): string => (/^[\w./:=,~!*-]+$/.test(arg) ? arg : `'${arg}'`)

/** Without what differs from run to run and from machine to machine. */
function settled(text: string, home: string): string {
  return text
    .replaceAll(home, '~')
    .replaceAll('\u001b', '␛')
    .replaceAll(/(last ingest\W.*?)\d{4}-[\d-]+ [\d:]+/g, '$1<time>')
    .replaceAll(/(size\W.*?)[\d.]+ [kMG]?B/g, '$1<size>')
    .replaceAll(/^(llmcost_(?:last_ingest|read)_timestamp_seconds )[\d.]+$/gm, '$1<time>')
    .replaceAll(/("last_ingest": )"[^"]+"/g, '$1"<time>"')
    .replaceAll(/("size": )\d+/g, '$1<size>')
    .replaceAll(/^(status,[^,]*,)\d+(,.*,)\d{4}-[\dT:.-]+Z(,[^,]*,[^,]*,[^,]*)$/gm, '$1<size>$2<time>$3')
}
