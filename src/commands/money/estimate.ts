/** `llmcost estimate`: tokens and cost of a prompt file, before it is sent. */
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { bytes } from '../../domain/words/wording.js'
import { UserError } from '../../errors.js'
import { priceDataWords } from '../../ingest/price-data.js'
import { loadPriceBook, type PriceBook } from '../../pricing/book.js'
import { plannedCalls } from '../../questions/simulation/planned.js'
import { estimateReport, type EstimatedModel } from '../../reports/simulation/estimate.js'
import { countPrompt, type Count } from '../../pricing/tokens/count.js'
import { fitMessages, withMessages, type Fit } from '../../pricing/tokens/fit.js'
import { readPrompt, type Prompt } from '../../pricing/tokens/prompt.js'
import { configOption, outputOptions, type CommandSpec, type Invocation } from '../command.js'
import { optionText, optionTexts } from '../option-values.js'
import { priceData, settingsOf } from '../settings.js'

const usualModels = [
  'gpt-5',
  'gpt-4o',
  'gpt-4o-mini',
  'claude-sonnet-4-5',
  'claude-haiku-4-5',
  'gemini-2.5-pro',
  'gemini-2.5-flash',
]

/** No prompt is larger: two million tokens are some 8 MB. */
const mostBytes = 32_000_000

export const estimateCommand: CommandSpec = {
  name: 'estimate',
  summary: 'tokens and cost of a prompt before it is sent, over several models',
  details: [
    "The file is text, or JSON with the messages of a chat (a list, or a request's body as OpenAI and Anthropic have it). It stays on this machine.",
    "Tokens are exact for OpenAI's models, whose encodings are here; for others they are estimated, with the error that was measured beside them.",
    'Prices are those of now, of the standard tier, without prompt cache.',
  ].join('\n'),
  arguments: [{ name: '<file>', about: 'the prompt, or - for stdin' }],
  options: [
    {
      flags: '-m, --model <model>',
      about: 'a model, or several with commas (default: some of the usual ones)',
      repeatable: true,
      group: 'Question',
    },
    {
      flags: '--output-tokens <n>',
      about: 'how long the answer is expected to be: its cost is added',
      group: 'Question',
    },
    {
      flags: '--max-tokens <n>',
      about: 'say which messages must go for the prompt to have so many tokens',
      group: 'Question',
    },
    {
      flags: '--fit',
      about: 'with --max-tokens and one --model: print the messages that fit, as JSON',
      group: 'Question',
    },
    configOption,
    ...outputOptions,
  ],
  examples: [
    { command: 'llmcost estimate prompt.txt', about: 'over some usual models' },
    {
      command: 'llmcost estimate chat.json --model gpt-4o,claude-sonnet-4-5 --output-tokens 500',
      about: 'with the answer',
    },
    {
      command: 'llmcost estimate chat.json --model gpt-4o --max-tokens 8000 --fit > short.json',
      about: 'cut to size',
    },
  ],
  run: async (invocation) => {
    const models = modelsOf(invocation)
    const maxTokens = tokensOption(invocation, 'maxTokens', '--max-tokens')
    const outputTokens = tokensOption(invocation, 'outputTokens', '--output-tokens')
    const fits = invocation.options['fit'] === true
    if (fits && (maxTokens === null || models.length !== 1))
      throw new UserError('--fit goes with --max-tokens and one --model', {
        code: 'usage',
        hint: 'For example --model gpt-4o --max-tokens 8000 --fit.',
      })
    const content = await contentOf(invocation.args[0] ?? '')
    const prompt = readPrompt(content)
    if (fits) return { text: await fitted(prompt, models[0]!, maxTokens!) }
    const settings = await settingsOf(invocation)
    const book = await loadPriceBook(priceData(settings))
    const counts: Count[] = []
    for (const model of models) counts.push(await countPrompt(prompt, model))
    return {
      report: estimateReport({
        models: await priced(book, invocation, models, counts, { prompt, outputTokens, maxTokens }),
        messages: prompt.kind === 'text' ? null : prompt.messages.length,
        characters: content.length - (content.match(/[\udc00-\udfff]/g)?.length ?? 0),
        outputTokens,
        maxTokens,
        prices: priceDataWords(book),
        tz: settings.tz,
      }),
    }
  },
}

async function priced(
  book: PriceBook,
  { now }: Invocation,
  models: readonly string[],
  counts: readonly Count[],
  about: { readonly prompt: Prompt; readonly outputTokens: number | null; readonly maxTokens: number | null },
): Promise<EstimatedModel[]> {
  const { prompt, outputTokens, maxTokens } = about
  const plans = models.map((model, i) => ({
    model,
    inputTokens: counts[i]!.tokens,
    outputTokens: outputTokens ?? 0,
    now,
  }))
  const db = await plannedCalls(book, plans)
  try {
    const { rows } = await db.query<PricedRow>(
      'SELECT provider, list_input_cost_usd, list_output_cost_usd, list_cost_usd FROM calls ORDER BY CAST(call_id AS INTEGER)',
    )
    return models.map((model, i) => {
      const count = counts[i]!
      const row = rows[i]!
      const fit =
        maxTokens === null || prompt.kind === 'text'
          ? undefined
          : fitMessages(prompt.messages, count, maxTokens)
      return {
        model,
        provider: row.provider,
        encoding: count.tokenizer.kind === 'exact' ? count.tokenizer.encoding : null,
        inputTokens: count.tokens,
        error: count.error,
        inputCost: row.list_input_cost_usd,
        outputCost: row.list_output_cost_usd,
        cost: row.list_cost_usd,
        doubts: count.doubts,
        ...(fit === undefined
          ? {}
          : {
              fit: { kept: fit.kept.length, dropped: fit.dropped.length, tokens: fit.tokens, fits: fit.fits },
            }),
      }
    })
  } finally {
    db.close()
  }
}

interface PricedRow {
  readonly provider: string | null
  readonly list_input_cost_usd: string | null
  readonly list_output_cost_usd: string | null
  readonly list_cost_usd: string | null
}

/** The messages that fit, as the file had them. @throws UserError where the last turn alone is too long */
async function fitted(prompt: Prompt, model: string, most: number): Promise<string> {
  if (prompt.kind === 'text')
    throw new UserError('--fit drops messages of a chat, and this file is a text', {
      code: 'usage',
      hint: 'Give JSON with messages: [{"role": "user", "content": "…"}, …].',
    })
  const count = await countPrompt(prompt, model)
  // An estimate may be too low: what is printed fits at its error, too.
  const least = Math.floor(most / (1 + count.error))
  const fit: Fit = fitMessages(prompt.messages, count, least)
  if (!fit.fits)
    throw new UserError(
      `what the system says and the last turn have ${fit.tokens} tokens${count.error > 0 ? ' at an estimate' : ''}, more than ${most}`,
      { hint: 'Shorten them, or raise --max-tokens.' },
    )
  return `${safeJson(withMessages(prompt, fit.kept))}\n`
}

/** JSON in which nothing acts on a terminal: what JSON leaves as it is, C1 controls and marks of direction, is escaped. */
function safeJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function modelsOf(invocation: Invocation): readonly string[] {
  const given = optionTexts(invocation, 'model').flatMap((text) => text.split(','))
  const models = [...new Set(given.map((name) => name.trim()).filter((name) => name !== ''))]
  return models.length === 0 ? usualModels : models
}

function tokensOption(invocation: Invocation, name: string, flag: string): number | null {
  const text = optionText(invocation, name)
  if (text === undefined) return null
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new UserError(`${flag} ${text} is not a number of tokens`, {
    code: 'usage',
    hint: `For example ${flag} 8000.`,
  })
}

/** @throws UserError for what cannot be read, is too large, or is no text */
async function contentOf(given: string): Promise<string> {
  const raw = given === '-' ? await stdin() : fileBytes(given)
  if (raw.length > mostBytes) throw tooLarge(given, raw.length)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(raw)
  } catch (error) {
    throw new UserError('the prompt is not UTF-8 text', {
      location: given,
      hint: 'Save it as UTF-8.',
      cause: error,
    })
  }
}

function fileBytes(given: string): Buffer {
  const path = resolve(given)
  try {
    const { size } = statSync(path)
    if (size > mostBytes) throw tooLarge(given, size)
    return readFileSync(path)
  } catch (error) {
    if (error instanceof UserError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new UserError(
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'a folder is no prompt'
          : 'the prompt cannot be read',
      { location: given, hint: 'Name a file with the prompt, or - for stdin.', cause: error },
    )
  }
}

async function stdin(): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > mostBytes) throw tooLarge('-', size)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const tooLarge = (given: string, size: number): UserError =>
  new UserError(`the prompt has ${bytes(size)}, more than any model reads`, {
    location: given,
    hint: `Up to ${bytes(mostBytes)} are counted. For a call log: llmcost ingest.`,
  })
