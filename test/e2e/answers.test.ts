/** Every kind of answer has a schema, and every answer that is shown anywhere keeps to it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv, type ValidateFunction } from 'ajv'
import { beforeAll, expect, test } from 'vitest'
import { answerKinds, type AnswerKind } from '../../src/reports/answers.js'
import { sharedFolder } from './program.js'
import { runWarm, runWarmWell } from './together.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'schema/answers')

const ajv = new Ajv({
  strict: true,
  strictRequired: false,
  allowUnionTypes: true,
  formats: { 'date-time': /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ },
})
const schemas = new Map<string, ValidateFunction>(
  readdirSync(folder).map((name) => [
    name.replace(/\.json$/, ''),
    ajv.compile(JSON.parse(readFileSync(join(folder, name), 'utf8')) as object),
  ]),
)

interface Answer {
  readonly kind: string
}

/** Mistakes of an answer, in words. */
function mistakesOf(answer: Answer): string[] {
  const validate: (((value: unknown) => unknown) & Pick<ValidateFunction, 'errors'>) | undefined =
    schemas.get(answer.kind)
  if (validate === undefined) return [`${answer.kind} has no schema`]
  if (validate(answer)) return []
  const { kind } = answer
  return (validate.errors ?? []).map(({ instancePath, message }) => `${kind}${instancePath} ${message}`)
}

/** Figures that differ from run to run stand in a golden as `<size>`. */
const pinned = (json: string): string => json.replaceAll(/: <\w+>/g, ': 0')

/** Answers in a golden file: JSON that begins and ends at the margin. */
const answersIn = (text: string): Answer[] =>
  [...text.matchAll(/^\{\n {2}"schemaVersion"[\s\S]*?^\}$/gm)].map(
    ([json]) => JSON.parse(pinned(json)) as Answer,
  )

const goldens = join(root, 'test/golden')
const shown = readdirSync(goldens, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.includes('__files__') && /\.(txt|json)$/.test(name))
  .map((name) => ({ name, answers: answersIn(readFileSync(join(goldens, name), 'utf8')) }))
  .filter(({ answers }) => answers.length > 0)

/** What asks for the kinds that no golden shows. */
const live: Partial<Record<AnswerKind, readonly string[]>> = {
  alerts: ['alerts'],
  call_cost: ['explain', 'req-022016'],
  columns: ['columns'],
  optimize_explained: ['optimize', '--explain', 'output-limits', '--as-of', 'latest'],
  doctor: ['doctor'],
  formats: ['formats'],
  overview: [],
  price_check: ['prices', 'check'],
  price_origin: ['prices', 'explain', 'openai/gpt-4o'],
  price_update_undone: ['prices', 'update', '--undo'],
  prices: ['prices', 'gpt-4o'],
  privacy: ['doctor', '--privacy'],
  rejects: ['rejects'],
  reprice: ['reprice'],
  status: ['status'],
}

const cwd = sharedFolder()
beforeAll(async () => {
  await runWarmWell(['ingest', join(root, 'fixtures/demo/calls-2026-09-21.jsonl.gz')], { cwd })
  await runWarmWell(['prices', 'update', join(root, 'fixtures/price-lists/litellm.json')], { cwd })
})

test('every kind has a schema, and no other', () => {
  expect([...schemas.keys()].toSorted()).toEqual([...answerKinds].toSorted())
})

test('every golden keeps to the schema of its kind', () => {
  const mistakes = shown.flatMap(({ name, answers }) =>
    answers.flatMap((answer) => mistakesOf(answer).map((mistake) => `${name}: ${mistake}`)),
  )
  expect(mistakes).toEqual([])
})

test('every kind is shown in a golden or asked for here', () => {
  const seen = new Set([
    ...shown.flatMap(({ answers }) => answers.map(({ kind }) => kind)),
    ...Object.keys(live),
  ])
  expect(answerKinds.filter((kind) => !seen.has(kind))).toEqual([])
})

test.each(Object.entries(live))('%s keeps to its schema', async (kind, args) => {
  const { stdout, stderr } = await runWarm([...args, '--json'], { cwd })
  if (stdout === '') throw new Error(stderr)
  const answer = JSON.parse(stdout) as Answer
  expect({ kind: answer.kind, mistakes: mistakesOf(answer) }).toEqual({ kind, mistakes: [] })
})

test('a schema refuses what an answer has not', () => {
  const answer = shown.find(({ name }) => name.endsWith('breakdown-json.txt'))?.answers[0]
  expect(mistakesOf(answer!)).toEqual([])
  expect(mistakesOf({ ...answer!, further: 1 } as Answer)).not.toEqual([])
  expect(mistakesOf({ ...answer!, rows: [{ cost_usd: '1.50' }] } as Answer)).not.toEqual([])
})
