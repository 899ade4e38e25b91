import { Document } from '../document.js'
import type { Importer } from '../importer.js'
import type { Sample, Survey } from '../survey.js'

const columns = ['Timestamp', 'Model', 'Request tokens', 'Response tokens', 'Total tokens', 'Log Type']

function isTrace({ kind, header, records }: Sample): boolean {
  const names = kind === 'csv' ? header : Object.keys(records[0] ?? {})
  return columns.every((name) => names.includes(name))
}

/**
 * BurstGPT: calls of a university to Azure. Times are seconds from midnight of the first day, on which the trace
 * is silent; a request without an answer failed.
 */
export const burstgpt: Importer = {
  id: 'burstgpt',
  writer: 'tool',
  about: 'BurstGPT, the public trace of a university: CSV, old layout and new',
  example: 'BurstGPT_1.csv of HPMLL/BurstGPT, with --base-time 2023-01-01',
  recognisedBy: '`Request tokens`, `Response tokens`, `Model` and `Log Type`',
  lacks: 'the day on which it begins (`--base-time`), users and ids; which version of a model answered',
  detects: isTrace,
  plan(survey: Survey) {
    const doc = Document.for(survey)
    const has = (name: string): boolean => survey.keys.includes(name)
    const model = doc.text('Model')
    const output = doc.text('Response tokens')
    return {
      document: doc,
      cacheTokens: 'included',
      totalTokens: doc.text('Total tokens'),
      fields: {
        ts: doc.text('Timestamp'),
        provider: `'azure'`,
        // What the trace calls ChatGPT is GPT-3.5, as its description says.
        request_model: `CASE ${model} WHEN 'ChatGPT' THEN 'gpt-3.5-turbo' WHEN 'GPT-4' THEN 'gpt-4' ELSE ${model} END`,
        feature: doc.text('Log Type'),
        input_tokens: doc.text('Request tokens'),
        output_tokens: output,
        error: `CASE WHEN TRY_CAST(${output} AS DOUBLE) = 0 THEN 'no answer' END`,
        ...(has('Session ID') && { session_id: `nullif(${doc.text('Session ID')}, '')` }),
        ...(has('Elapsed time') && {
          latency_ms: `CAST(TRY_CAST(${doc.text('Elapsed time')} AS DOUBLE) * 1000 AS VARCHAR)`,
        }),
      },
    }
  },
}
