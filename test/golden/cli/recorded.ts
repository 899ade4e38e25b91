/** What a run of the program showed, as text for a golden file: the command, stdout, stderr, exit code. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run, type Ran, type RunOptions } from '../../e2e/program.js'
import { runWarm } from '../../e2e/together.js'

type Place = Pick<RunOptions, 'cwd' | 'env'>

/** The first of a file is run as a user does, by a process of its own; the others share one. */
let isFirst = true

/**
 * Runs the program and compares all that it showed with `__files__/<name>.txt`.
 * @param looks as in `runWarm`
 */
export async function recorded(
  name: string,
  args: readonly string[],
  options: RunOptions,
  looks?: number,
): Promise<Ran> {
  const { cwd, env } = options
  const isAlone = isFirst && looks === undefined
  if (isAlone) isFirst = false
  const ran = await (isAlone ? run(args, options) : runWarm(args, options, looks))
  const settings = Object.entries(env ?? {}).map(([key, value]) => `${key}=${value} `)
  const text = [
    `$ ${settings.join('')}llmcost ${args.map(quoted).join(' ')}`,
    ...part('stdout', ran.stdout),
    ...part('stderr', ran.stderr),
    `[exit ${ran.code}]\n`,
  ].join('\n')
  const file = join(import.meta.dirname, '__files__', `${name}.txt`)
  await expect(settled(text, cwd)).toMatchFileSnapshot(file)
  return ran
}

/** `recorded`, as a test. */
export async function expectRecorded(...asked: Parameters<typeof recorded>): Promise<void> {
  await recorded(...asked)
}

let looks = 0

/**
 * Defines a test for each look of one answer: narrow, wide, in every format and in colour. It is asked once, and shown
 * as the program shows it.
 * @param data words added for Markdown, JSON and CSV, where the answer would be long
 */
export function testLooks(
  name: string,
  args: readonly string[],
  { cwd, env }: Place,
  data: readonly string[] = [],
): void {
  const wide = (columns: string): Look => [`at ${columns} columns`, columns, args, { COLUMNS: columns }]
  const as = (format: string): Look => [`as ${format}`, format, [...args, ...data, '--format', format], {}]
  const all: readonly Look[] = [
    wide('80'),
    wide('200'),
    ...['markdown', 'json', 'csv'].map(as),
    ['in colour', 'color', args, { COLUMNS: '100', FORCE_COLOR: '1' }],
  ]
  const asked = ++looks
  test.each(all)('%s', (_, ending, words, look) =>
    expectRecorded(`${name}-${ending}`, words, { cwd, env: { ...env, ...look } }, asked),
  )
}

/** Its title, the ending of its golden file, what is typed and what the environment says of it. */
type Look = readonly [
  title: string,
  ending: string,
  args: readonly string[],
  look: Readonly<Record<string, string>>,
]

/** Defines a test for each of several questions. */
export function testQuestions(
  questions: readonly (readonly [name: string, args: readonly string[], env?: RunOptions['env']])[],
  { cwd, env }: Place,
): void {
  test.each(questions.map(([name, args, own = env]) => ({ name, args, own })))(
    '$name',
    ({ name, args, own }) => expectRecorded(name, args, { cwd, ...(own && { env: own }) }),
  )
}

const part = (name: string, text: string): string[] => (text === '' ? [] : [`[${name}]`, text.trimEnd()])

const quoted = (arg: string): string => (/^[\w./:=,~!*-]+$/.test(arg) ? arg : `'${arg}'`)

/** Without what differs from run to run and from machine to machine. */
function settled(text: string, home: string): string {
  return (
    text
      .replaceAll(home, '~')
      // Of a path that is cut, its beginning alone: the folder in memory is as long, by fewer strokes.
      .replaceAll(/\/dev\/shm\/llmco[st-]*/g, (cut) =>
        '/tmp/llmcost-test'.padEnd(40, '-').slice(0, cut.length),
      )
      .replaceAll('\u001b', '␛')
      .replaceAll(/(last ingest\W.*?)\d{4}-[\d-]+ [\d:]+/g, '$1<time>')
      .replaceAll(/(size\W.*?)[\d.]+ [kMG]?B/g, '$1<size>')
      .replaceAll(/^(llmcost_(?:last_ingest|read)_timestamp_seconds )[\d.]+$/gm, '$1<time>')
      .replaceAll(/("last_ingest": )"[^"]+"/g, '$1"<time>"')
      .replaceAll(/("size": )\d+/g, '$1<size>')
      .replaceAll(/^(status,[^,]*,)\d+(,.*,)\d{4}-[\dT:.-]+Z(,[^,]*,[^,]*,[^,]*)$/gm, '$1<size>$2<time>$3')
  )
}
