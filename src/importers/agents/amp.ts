import { Document, firstOf } from '../document.js'
import { at, isObject } from '../sample-values.js'
import type { Importer } from '../importer.js'
import { standsForItself, tagsOf } from '../made-records.js'

const text = (json: string, path: string): string => `json_extract_string(${json}, '${path}')`
const list = (path: string): string =>
  `CASE WHEN json_type(text, '${path}') = 'ARRAY' THEN CAST(json_extract(text, '${path}') AS JSON[]) END`

/**
 * SQL for the records of a thread, which is one object. Its messages tell what they used, its ledger some of the same
 * with their time; an entry of the ledger that no message tells is a call too.
 */
const records = (lines: string): string => `
WITH seen AS MATERIALIZED (
  SELECT line, ${standsForItself('text')} AS own, CASE WHEN json_valid(text) THEN text END AS text FROM ${lines} l
), entries AS (
  SELECT line, nth, entry, coalesce(${text('entry', '/tokens/input')}, '0') AS input, coalesce(${text('entry', '/tokens/output')}, '0') AS output,
    ${text('entry', '/model')} AS model
  FROM (SELECT line, generate_subscripts(e, 1) AS nth, unnest(e) AS entry FROM (SELECT line, ${list('/usageLedger/events')} AS e FROM seen))
), messages AS (
  SELECT line, nth, message, coalesce(${text('message', '/usage/inputTokens')}, '0') AS input, coalesce(${text('message', '/usage/outputTokens')}, '0') AS output,
    ${text('message', '/usage/model')} AS model
  FROM (SELECT line, generate_subscripts(m, 1) AS nth, unnest(m) AS message FROM (SELECT line, ${list('/messages')} AS m FROM seen))
  WHERE json_type(message, '/usage') = 'OBJECT'
), named AS (
  -- The ledger may name the message, whose counts are the more exact; of several that do, the first tells of it.
  SELECT m.line, m.nth AS m_nth, e.nth AS e_nth
  FROM messages m JOIN (SELECT *, row_number() OVER (PARTITION BY line, ${text('entry', '/toMessageId')} ORDER BY nth) AS turn FROM entries) e
    ON m.line = e.line AND e.turn = 1 AND ${text('entry', '/toMessageId')} = ${text('message', '/messageId')}
), linked AS (
  SELECT m.line, m.nth AS m_nth, e.nth AS e_nth, m.message, e.entry
  FROM named n JOIN messages m ON m.line = n.line AND m.nth = n.m_nth JOIN entries e ON e.line = n.line AND e.nth = n.e_nth
  UNION ALL
  -- Else the first of equal counts is the first.
  SELECT coalesce(m.line, e.line), m.nth, e.nth, m.message, e.entry
  FROM (SELECT *, row_number() OVER (PARTITION BY line, model, input, output ORDER BY nth) AS same FROM messages ANTI JOIN named ON messages.line = named.line AND messages.nth = named.m_nth) m
  FULL JOIN (SELECT *, row_number() OVER (PARTITION BY line, model, input, output ORDER BY nth) AS same FROM entries ANTI JOIN named ON entries.line = named.line AND entries.nth = named.e_nth) e
    ON m.line = e.line AND m.model = e.model AND m.input = e.input AND m.output = e.output AND m.same = e.same
), timed AS (
  -- A message without a time was made after the last one that has one, or when the thread began.
  SELECT l.*, s.text, coalesce(${text('message', '/usage/timestamp')}, ${text('message', '/timestamp')}, ${text('entry', '/timestamp')}) AS own_ts
  FROM linked l JOIN seen s ON s.line = l.line
), made AS (
  SELECT line, json_merge_patch(text, '{"messages":null,"usageLedger":null,"title":null,"env":null,"draft":null}',
      CASE WHEN message IS NULL THEN json_object('usage', json_object('model', json_extract(entry, '/model'), 'credits', json_extract(entry, '/credits')), 'tokens', json_extract(entry, '/tokens'))
      ELSE json_object('usage', json_extract(message, '/usage')) END,
      json_object('call', json_object('thread', ${text('text', '/id')},
        'id', concat_ws(':', ${text('text', '/id')}, CASE WHEN message IS NULL THEN 'ledger-' || coalesce(${text('entry', '/id')}, CAST(e_nth AS VARCHAR)) ELSE coalesce(${text('message', '/messageId')}, CAST(m_nth AS VARCHAR)) END),
        'timestamp', coalesce(own_ts, last_value(own_ts IGNORE NULLS) OVER (PARTITION BY line ORDER BY m_nth NULLS LAST, e_nth ROWS UNBOUNDED PRECEDING), ${text('text', '/created')})))) AS text
  FROM timed
)
SELECT s.line, coalesce(CAST(m.text AS VARCHAR), s.own) AS text FROM seen s LEFT JOIN made m ON s.line = m.line`

/** Threads of Amp. Its credits are none of dollars: they stay a tag. */
export const amp: Importer = {
  id: 'amp',
  writer: 'agent',
  about: 'threads of Amp, JSON; its credits are kept as a tag, as no price of them is published',
  example: '~/.local/share/amp/threads/T-*.json',
  recognisedBy: '`usageLedger`, or messages with `usage.credits`',
  lacks: 'no dollars: its credits have no published value',
  detects: ({ kind, records: all }) =>
    kind === 'json' &&
    all.some(
      (r) =>
        isObject(r['usageLedger']) ||
        (Array.isArray(r['messages']) &&
          typeof r['id'] === 'string' &&
          r['messages'].some(
            (one) =>
              isObject(at(one as Record<string, unknown>, 'usage')) &&
              at(one as Record<string, unknown>, 'usage', 'credits') !== undefined,
          )),
    ),
  homes: ({ home, env }) => [
    {
      folder: `${(env['AMP_DATA_DIR'] || `${env['XDG_DATA_HOME'] || `${home}/.local/share`}/amp`).replace(/\/+$/, '')}/threads`,
      files: /\.json$/,
    },
  ],
  records,
  plan() {
    const doc = new Document()
    const usage = (name: string): string => doc.text('usage', name)
    const tokens = (name: string): string => doc.text('tokens', name)
    const counts = [
      firstOf(usage('inputTokens'), tokens('input'))!,
      firstOf(usage('outputTokens'), tokens('output'))!,
      firstOf(usage('cacheReadInputTokens'), tokens('cacheReadInputTokens'))!,
      firstOf(usage('cacheCreationInputTokens'), tokens('cacheCreationInputTokens'))!,
    ]
    const [input, output, read, written] = counts as [string, string, string, string]
    const isNone = `(${counts.map((one) => `coalesce(${one}, '0') = '0'`).join(' AND ')})`
    const total = firstOf(usage('totalTokens'), tokens('total'))!
    return {
      document: doc,
      cacheTokens: 'excluded',
      othersAreNoCalls: true,
      isCall: `${doc.text('call', 'id')} IS NOT NULL AND NOT (${isNone} AND coalesce(${total}, '0') = '0')`,
      // Where it stands beside counts, nobody says what it holds.
      totalTokens: `CASE WHEN ${isNone} THEN ${total} END`,
      uses: [total],
      moneyFree: [
        { path: ['usage', 'credits'], reason: 'kept as a tag: nobody publishes what one is worth' },
        { path: ['usage', 'totalInputTokens'], reason: 'the sum of the counts' },
      ],
      fields: {
        call_id: doc.text('call', 'id'),
        ts: doc.text('call', 'timestamp'),
        response_model: usage('model'),
        operation: `'chat'`,
        session_id: doc.text('call', 'thread'),
        input_tokens: input,
        output_tokens: output,
        cache_read_input_tokens: read,
        cache_creation_input_tokens: written,
      },
      tags: tagsOf({ credits: usage('credits') }),
    }
  },
}
