import { Document } from '../document.js'
import type { Importer } from '../importer.js'
import type { Sample, Survey } from '../survey.js'
import { tagsOf } from '../made-records.js'
import { comparable } from '../records/comparable.js'
import { fieldNames } from '../records/field-names.js'

const columns = ['TIMESTAMP', 'ContextTokens', 'GeneratedTokens']
/** Of the trace of models that see: pictures of a request. */
const images = 'NumImages'

/** Names that an importer of one's own records understands: with a model or a user beside the columns it is such a one. */
const understood = new Set(Object.values(fieldNames).flat())

function isTrace({ kind, header, records }: Sample): boolean {
  const names = kind === 'csv' ? header : Object.keys(records[0] ?? {})
  return (
    columns.every((name) => names.includes(name)) &&
    names.every((name) => columns.includes(name) || name === images || !understood.has(comparable(name)))
  )
}

/**
 * The traces of inference services that Azure published: of 2023 and 2024, and of models that see pictures. They
 * name no model: `--set model=…` says which one the calls are to be priced as.
 */
export const azureTrace: Importer = {
  id: 'azure-trace',
  writer: 'provider',
  about: "Azure's public traces of inference services: CSV of times and tokens, with or without images",
  example: 'AzureLLMInferenceTrace_conv.csv of Azure/AzurePublicDataset, with --set model=gpt-4o',
  recognisedBy:
    '`TIMESTAMP`, `ContextTokens` and `GeneratedTokens`, with `NumImages` or nothing else that is known',
  lacks: 'the model (`--set model=…`), users and ids; whether images are among the context tokens',
  detects: isTrace,
  plan(survey: Survey) {
    const doc = Document.for(survey)
    const pictures = survey.keys.includes(images) ? doc.text(images) : undefined
    return {
      document: doc,
      cacheTokens: 'included',
      fields: {
        ts: doc.text('TIMESTAMP'),
        provider: `'azure'`,
        input_tokens: doc.text('ContextTokens'),
        output_tokens: doc.text('GeneratedTokens'),
      },
      ...(pictures && {
        // Nothing says whether they are among the context tokens, or are billed beside them.
        unread: `CASE WHEN TRY_CAST(${pictures} AS DOUBLE) > 0 THEN '${images}' END`,
        tags: tagsOf({ num_images: pictures }),
      }),
    }
  },
}
