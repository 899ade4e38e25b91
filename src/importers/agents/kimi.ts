import { Document, firstOf } from '../document.js'
import { at, isObject } from '../sample-values.js'
import type { Importer } from '../importer.js'
import { says, standsForItself, tagsOf } from '../made-records.js'

const words = ['usage.record', 'step.end', 'config.update', 'llm.request', 'StatusUpdate']

const text = (path: string): string => `json_extract_string(text, '${path}')`

/** Where a report of status stands in its line, and that of a sub-agent. */
const [status, below] = ['/message', '/message/payload/event'] as const

/** SQL: the name of a model; NULL for one that only points to a setting, such as `__kimi_env_model__`. */
const named = (model: string): string =>
  `CASE WHEN NOT regexp_matches(${model}, '^__.*__$') THEN nullif(${model}, '') END`

/**
 * SQL for the records of a session: a `usage.record` for each answer, which the end of its step repeats. Where a
 * file has no such records, the ends of steps tell, in an older build its reports of status: those of a sub-agent
 * stand a level down in its parent's file. A model set by the environment has a name of no model; what was asked tells.
 */
const records = (lines: string): string => `
WITH parsed AS (
  SELECT file, line, ${standsForItself('text')} AS own, CASE WHEN ${says('text', words)} AND json_valid(text) THEN text END AS text
  FROM ${lines} l
), seen AS MATERIALIZED (
  SELECT file, line, own, text, CASE WHEN ${text('/type')} = 'usage.record' THEN 'record'
      WHEN ${text('/type')} = 'config.update' THEN 'config'
      WHEN ${text('/type')} = 'llm.request' THEN 'request'
      WHEN ${text('/event/type')} = 'step.end' AND json_type(text, '/event/usage') = 'OBJECT' THEN 'step'
      WHEN ${text(`${status}/type`)} = 'StatusUpdate' AND json_type(text, '${status}/payload/token_usage') = 'OBJECT' THEN 'status'
      WHEN ${text(`${below}/type`)} = 'StatusUpdate' AND json_type(text, '${below}/payload/token_usage') = 'OBJECT' THEN 'below' END AS kind
  FROM parsed
), told AS (
  SELECT line, kind, text, last_value(CASE WHEN kind = 'config' THEN ${text('/modelAlias')} END IGNORE NULLS) OVER before AS model,
    last_value(CASE WHEN kind = 'request' THEN ${named(text('/model'))} END IGNORE NULLS) OVER before AS asked,
    bool_or(kind = 'record') OVER (PARTITION BY file) AS has_records
  FROM seen WHERE kind IS NOT NULL
  WINDOW before AS (PARTITION BY file ORDER BY line ROWS UNBOUNDED PRECEDING)
), made AS (
  SELECT line, json_merge_patch(text, '{"event":null,"message":null}', json_object('time', coalesce(${text('/time')}, ${text('/timestamp')}),
    'model', coalesce(${named(text('/model'))}, asked, ${named('model')}, ${text('/model')}, model), 'message_id', coalesce(${text(`${status}/payload/message_id`)}, ${text(`${below}/payload/message_id`)}, ${text('/message_id')}), 'call', true,
    'usage', coalesce(json_extract(text, '/usage'), json_extract(text, '/event/usage'), json_extract(text, '${status}/payload/token_usage'), json_extract(text, '${below}/payload/token_usage')))) AS text
  FROM told WHERE kind = 'record' OR kind IN ('step', 'status', 'below') AND NOT has_records
)
SELECT s.line, coalesce(CAST(m.text AS VARCHAR), s.own) AS text FROM seen s LEFT JOIN made m ON s.line = m.line`

/** Sessions of Kimi's command line. Input is what was neither read from a cache nor written to one. */
export const kimi: Importer = {
  id: 'kimi',
  writer: 'agent',
  about: 'sessions of Kimi, wire.jsonl; what the end of a step repeats counts once',
  example: '~/.kimi/sessions/**/wire.jsonl',
  recognisedBy: '`usage.record`, or `usage` with `inputOther`',
  lacks: 'what was paid; latency',
  detects: ({ kind, records: all }) =>
    kind === 'json' &&
    all.some(
      (r) =>
        (r['type'] === 'metadata' && 'protocol_version' in r) ||
        (r['type'] === 'usage.record' && isObject(r['usage'])) ||
        at(r, 'event', 'usage', 'inputOther') !== undefined ||
        at(r, 'message', 'payload', 'token_usage', 'input_other') !== undefined,
    ),
  homes: ({ home, env }) =>
    (env['KIMI_SHARE_DIR'] ? [env['KIMI_SHARE_DIR']] : [`${home}/.kimi`, `${home}/.kimi-code`]).map(
      (folder) => ({
        folder: `${folder.replace(/\/+$/, '')}/sessions`,
        files: /(?:^|\/)wire\.jsonl$/,
      }),
    ),
  records,
  plan() {
    const doc = new Document()
    const usage = (camel: string, snake: string): string =>
      firstOf(doc.text('usage', camel), doc.text('usage', snake))!
    const counts = [
      usage('inputOther', 'input_other'),
      usage('inputCacheRead', 'input_cache_read'),
      usage('inputCacheCreation', 'input_cache_creation'),
      doc.text('usage', 'output'),
    ]
    const [input, read, written, output] = counts as [string, string, string, string]
    const model = doc.text('model')
    return {
      document: doc,
      cacheTokens: 'excluded',
      othersAreNoCalls: true,
      isCall: `${doc.text('call')} = 'true' AND NOT (${counts.map((count) => `coalesce(${count}, '0') = '0'`).join(' AND ')})`,
      fields: {
        call_id: firstOf(
          doc.text('message_id'),
          `concat_ws('-', ${doc.text('time')}, ${model}, ${counts.join(', ')})`,
        )!,
        ts: doc.text('time'),
        // Before the stroke stands the user's own name of an account.
        response_model: `nullif(regexp_extract(${model}, '[^/]+$'), '')`,
        operation: `'chat'`,
        input_tokens: input,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: written,
        output_tokens: output,
      },
      tags: tagsOf({ account: `nullif(regexp_extract(${model}, '^(.*)/[^/]+$', 1), '')` }),
    }
  },
}
