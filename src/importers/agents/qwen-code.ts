import { number, sumOf } from '../bodies/counts.js'
import { Document, firstOf } from '../document.js'
import { at, isObject } from '../sample-values.js'
import type { Importer } from '../importer.js'
import type { Sample } from '../survey.js'
import { folderName, tagsOf } from '../made-records.js'

/** True for a session of Qwen Code, whose lines are much like those of Claude Code. */
export const isQwenCode = ({ kind, records }: Sample): boolean =>
  kind === 'json' &&
  records.some(
    (r) => 'sessionId' in r && (isObject(r['usageMetadata']) || Array.isArray(at(r, 'message', 'parts'))),
  )

/**
 * Chats of Qwen Code, with the counts of Gemini's API: what was cached is in the prompt, thoughts are beside the
 * candidates. Some servers behind it tell more cached tokens than the prompt has: they are beside it then.
 */
export const qwenCode: Importer = {
  id: 'qwen-code',
  writer: 'agent',
  about: 'chats of Qwen Code, JSONL',
  example: '~/.qwen/projects/*/chats/*.jsonl',
  recognisedBy: '`sessionId` with `usageMetadata` in lines of type `assistant`',
  lacks: 'what was paid; latency',
  detects: isQwenCode,
  homes: ({ home }) =>
    ['projects', 'tmp'].map((name) => ({
      folder: `${home}/.qwen/${name}`,
      files: /(?:^|\/)chats\/[^/]+\.jsonl$/,
    })),
  plan() {
    const doc = new Document()
    const count = (name: string): string => doc.text('usageMetadata', `${name}TokenCount`)
    const [prompt, candidates, thoughts, cached, total] = [
      count('prompt'),
      count('candidates'),
      count('thoughts'),
      doc.text('usageMetadata', 'cachedContentTokenCount'),
      count('total'),
    ]
    const tools = count('toolUsePrompt')
    const beside = `coalesce(${number(cached)} > ${number(prompt)}, false)`
    // Some servers count thoughts among the candidates: the total tells.
    const inside = `coalesce(${number(thoughts)} <= ${number(candidates)} AND ${number(total)} = ${number(prompt)} + ${number(candidates)}, false)`
    const all = [prompt, candidates, thoughts, cached]
    return {
      document: doc,
      cacheTokens: 'included',
      cacheTokensCertain: true,
      cacheTokensBeside: beside,
      othersAreNoCalls: true,
      isCall: `${doc.text('type')} = 'assistant' AND coalesce(${all.join(', ')}) IS NOT NULL
        AND NOT (${all.map((one) => `coalesce(${one}, '0') = '0'`).join(' AND ')})`,
      totalTokens: `CASE WHEN NOT ${beside} THEN ${total} END`,
      addedUp: ['input_tokens', 'output_tokens'],
      uses: [tools, thoughts, total],
      unread: `CASE WHEN ${beside} THEN 'usageMetadata.cachedContentTokenCount beyond the prompt' END`,
      fields: {
        call_id: firstOf(
          doc.text('uuid'),
          `concat_ws(':', ${doc.text('sessionId')}, ${doc.text('timestamp')}, ${doc.text('model')}, ${all.join(', ')})`,
        )!,
        ts: doc.text('timestamp'),
        response_model: doc.text('model'),
        operation: `'chat'`,
        feature: folderName(doc.text('cwd')),
        project: folderName(doc.text('cwd')),
        session_id: doc.text('sessionId'),
        input_tokens: sumOf(prompt, tools),
        cache_read_input_tokens: cached,
        output_tokens: `CASE WHEN ${inside} THEN ${candidates} ELSE ${sumOf(candidates, thoughts)} END`,
        reasoning_output_tokens: thoughts,
      },
      tags: tagsOf({ git_branch: doc.text('gitBranch'), version: doc.text('version') }),
    }
  },
}
