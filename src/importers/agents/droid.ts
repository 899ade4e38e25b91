import { Document } from '../document.js'
import { at, isObject } from '../sample-values.js'
import type { Importer } from '../importer.js'

/** Settings of a session of Droid: its totals. Whether output holds the thinking tokens is not known: they are named. */
export const droid: Importer = {
  id: 'droid',
  writer: 'agent',
  about: 'totals of sessions of Droid, *.settings.json',
  example: '~/.factory/sessions/**/*.settings.json',
  recognisedBy: '`providerLock` and `tokenUsage` of a session',
  lacks: 'single calls: totals of a session; whether thinking is in its output',
  detects: ({ kind, records }) =>
    kind === 'json' &&
    records.some(
      (r) =>
        isObject(r['tokenUsage']) &&
        at(r, 'tokenUsage', 'inputTokens') !== undefined &&
        ('providerLock' in r || at(r, 'tokenUsage', 'cacheCreationTokens') !== undefined),
    ),
  homes: ({ home }) => [{ folder: `${home}/.factory/sessions`, files: /\.settings\.json$/ }],
  plan() {
    const doc = new Document()
    const usage = (name: string): string => doc.text('tokenUsage', name)
    const counts = ['inputTokens', 'outputTokens', 'cacheReadTokens', 'cacheCreationTokens'].map(usage)
    const [input, output, read, written] = counts as [string, string, string, string]
    const model = doc.text('model')
    const time = doc.text('providerLockTimestamp')
    return {
      document: doc,
      cacheTokens: 'excluded',
      othersAreNoCalls: true,
      isCall: `coalesce(${counts.join(', ')}) IS NOT NULL AND NOT (${counts.map((one) => `coalesce(${one}, '0') = '0'`).join(' AND ')})`,
      fields: {
        // The session's name is that of the file; when it chose its provider tells it from others.
        call_id: `CASE WHEN ${time} IS NOT NULL THEN concat_ws(':', ${time}, ${model}) END`,
        ts: time,
        provider: doc.text('providerLock'),
        request_model: model,
        // `custom:Claude-Opus-4.5-Thinking-[Anthropic]-0` is a name of the user's for a model and how it is asked.
        response_model: `CASE WHEN starts_with(${model}, 'custom:') THEN regexp_replace(lower(${model}), '^custom:|(?:-thinking)?-?\\[[^\\]]*\\](?:-[0-9]+)?$', '', 'g') END`,
        operation: `'session_total'`,
        input_tokens: input,
        output_tokens: output,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: written,
      },
    }
  },
}
