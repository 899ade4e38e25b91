/** Tokens and cost of a prompt over several models: `llmcost estimate`. */
import { count } from '../../domain/words/wording.js'
import { counted } from '../../domain/words/plurals.js'
import { column } from '../columns.js'
import type { Report, Row, Section } from '../report.js'

export interface EstimatedModel {
  readonly model: string
  readonly provider: string | null
  /** `o200k_base`, or null where the count is estimated. */
  readonly encoding: string | null
  readonly inputTokens: number
  /** Largest relative error measured on text like this; 0 where it is exact. */
  readonly error: number
  /** USD; null where no price is known. */
  readonly inputCost: string | null
  readonly outputCost: string | null
  readonly cost: string | null
  readonly doubts: readonly string[]
  /** With a limit: what has to go. */
  readonly fit?: {
    readonly kept: number
    readonly dropped: number
    readonly tokens: number
    readonly fits: boolean
  }
}

export interface EstimateFacts {
  readonly models: readonly EstimatedModel[]
  /** Messages of a chat; null for a text. */
  readonly messages: number | null
  readonly characters: number
  readonly outputTokens: number | null
  readonly maxTokens: number | null
  /** Price data in words. */
  readonly prices: string
  readonly tz: string
}

export function estimateReport(facts: EstimateFacts): Report {
  return {
    kind: 'estimate',
    title: `Estimate of a prompt: ${what(facts)}`,
    period: { since: null, until: null, tz: facts.tz },
    sections: [
      costsSection(facts),
      ...(facts.maxTokens === null ? [] : [fitSection(facts, facts.maxTokens)]),
    ],
    warnings: warningsOf(facts),
    footer: [`prices: ${facts.prices}`],
  }
}

const what = ({ messages, characters }: EstimateFacts): string =>
  messages === null
    ? `a text of ${counted(characters, 'character')}`
    : `${counted(messages, 'message')} of a chat`

function costsSection({ models, outputTokens }: EstimateFacts): Section {
  const hasOutput = outputTokens !== null
  const whereOutput = hasOutput ? {} : { dataOnly: true as const }
  const isRough = models.some(({ error }) => error > 0)
  return {
    id: 'estimate',
    title: 'Tokens and cost',
    columns: [
      column('model', 'model', 'text'),
      column('provider', 'provider', 'text', 3),
      column('counted_by', 'counted by', 'text', 1),
      column('input_tokens', 'input tokens', 'count'),
      { ...column('error_rate', '±', 'rate'), ...(isRough ? {} : { dataOnly: true as const }) },
      column('input_cost_usd', 'input', 'usd'),
      { ...column('output_tokens', 'output tokens', 'count', 2), ...whereOutput },
      { ...column('output_cost_usd', 'output', 'usd'), ...whereOutput },
      { ...column('cost_usd', 'a call', 'usd'), ...whereOutput },
    ],
    rows: models.map((one): Row => ({
      model: one.model,
      provider: one.provider,
      counted_by: one.encoding ?? 'estimator',
      input_tokens: one.inputTokens,
      error_rate: one.error,
      input_cost_usd: one.inputCost,
      output_tokens: outputTokens,
      output_cost_usd: hasOutput ? one.outputCost : null,
      cost_usd: hasOutput ? one.cost : null,
    })),
    notes: notesOn(models),
  }
}

function notesOn(models: readonly EstimatedModel[]): string[] {
  const notes: string[] = []
  if (models.some(({ error }) => error > 0))
    notes.push(
      '±: how far off the estimator was on text of this kind, at most, against tokenizers that are public (Claude 2, Llama 3, Mistral, cl100k_base); that of the model itself is not: its provider counts tokens on request',
    )
  const doubts = new Map<string, string[]>()
  for (const { model, doubts: own } of models)
    for (const doubt of own) doubts.set(doubt, [...(doubts.get(doubt) ?? []), model])
  for (const [doubt, names] of doubts)
    notes.push(names.length === models.length ? doubt : `${names.join(', ')}: ${doubt}`)
  return notes
}

function fitSection({ models, messages }: EstimateFacts, maxTokens: number): Section {
  return {
    id: 'fit',
    title: `Within ${count(maxTokens)} tokens`,
    columns: [
      column('model', 'model', 'text'),
      column('kept_messages', 'messages kept', 'count'),
      column('dropped_messages', 'to go', 'count'),
      column('kept_tokens', 'tokens then', 'count'),
      {
        ...column('fits', 'fits', 'status'),
        tones: { yes: 'good', 'not certain': 'caution', no: 'bad' },
      },
    ],
    rows: models.map(({ model, fit, inputTokens, error }) => ({
      model,
      kept_messages: messages === null ? null : (fit?.kept ?? messages),
      dropped_messages: messages === null ? null : (fit?.dropped ?? 0),
      kept_tokens: fit?.tokens ?? inputTokens,
      fits: fitWord(fit?.tokens ?? inputTokens, error, maxTokens),
    })),
    notes: [
      messages === null
        ? 'a text has no turns to drop: shorten it'
        : 'the oldest turns go first; what the system says and the last turn stay; --fit prints the messages that fit',
    ],
  }
}

/** An estimate may be too low by its error. */
function fitWord(tokens: number, error: number, most: number): string {
  if (tokens > most) return 'no'
  return tokens * (1 + error) > most ? 'not certain' : 'yes'
}

function warningsOf({ models }: EstimateFacts): string[] {
  const unpriced = models.filter(({ inputCost }) => inputCost === null).map(({ model }) => model)
  return unpriced.length === 0
    ? []
    : [`no price is known for ${unpriced.join(', ')}; llmcost prices lists the known names`]
}
