import { Document } from '../document.js'
import { isObject } from '../sample-values.js'
import type { Importer } from '../importer.js'
import type { Survey } from '../survey.js'

const isRequest = (record: unknown): boolean =>
  isObject(record) && ['timestamp', 'input_length', 'output_length', 'hash_ids'].every((key) => key in record)

/**
 * Traces of Mooncake, the service behind Kimi: times are milliseconds from the beginning. Blocks of a prompt that
 * came before may have been cached; whether they were, nothing says.
 */
export const mooncake: Importer = {
  id: 'mooncake',
  writer: 'provider',
  about: "Mooncake's public traces of requests, JSONL, and others in their layout",
  example: 'conversation_trace.jsonl of kvcache-ai/Mooncake, with --base-time 2024-01-01 --set model=kimi-k2',
  recognisedBy: '`input_length`, `output_length`, `timestamp` and `hash_ids`',
  lacks: 'the moment at which it begins (`--base-time`), the model (`--set model=…`), what was cached, ids',
  detects: ({ kind, records }) => kind === 'json' && records.some(isRequest),
  plan(survey: Survey) {
    const doc = Document.for(survey)
    return {
      document: doc,
      cacheTokens: 'included',
      relativeTimeUnit: 'ms',
      isCall: `coalesce(${doc.text('input_length')}, ${doc.text('output_length')}) IS NOT NULL`,
      fields: {
        ts: doc.text('timestamp'),
        input_tokens: doc.text('input_length'),
        output_tokens: doc.text('output_length'),
      },
    }
  },
}
