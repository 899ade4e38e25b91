/** A request as lines of the spool: each one OTLP's JSON as the importer reads it, and short enough to be read at once. */
import type { Json } from './otlp-messages.js'
import { ofResource, ofScope, withoutContent, type Signal } from './without-content.js'

type Fields = Readonly<Record<string, Json>>

/** A longer request becomes several lines, bytes or so. */
const longestLine = 1_000_000

export interface Lines {
  /** Each with its end. */
  readonly text: string
  /** Spans or log records that came. */
  readonly came: number
  /** Those that are kept. */
  readonly kept: number
}

const names = {
  spans: { resources: 'resourceSpans', scopes: 'scopeSpans' },
  logRecords: { resources: 'resourceLogs', scopes: 'scopeLogs' },
} as const

/** @param request as from-json.ts and from-protobuf.ts give it */
export function keptLines(request: Fields, signal: Signal): Lines {
  const { resources, scopes } = names[signal]
  let [came, kept] = [0, 0]
  const lines: string[] = []
  const list = (fields: Fields, name: string): Fields[] => (fields[name] ?? []) as Fields[]
  // Parts of a line: resources that hold scopes that hold items, as JSON.
  let line: string[] = []
  let length = 0
  const end = (): void => {
    if (line.length > 0) lines.push(`{"${resources}":[${line.join(',')}]}\n`)
    line = []
    length = 0
  }
  for (const ofProcess of list(request, resources)) {
    const resource = JSON.stringify(ofResource(ofProcess['resource']))
    for (const ofKit of list(ofProcess, scopes)) {
      const items = list(ofKit, signal)
      came += items.length
      const texts = items.flatMap((item) => {
        const left = withoutContent(item, signal)
        return left === undefined ? [] : [JSON.stringify(left)]
      })
      kept += texts.length
      const before = `{"resource":${resource},"${scopes}":[{"scope":${JSON.stringify(ofScope(ofKit['scope']))},"${signal}":[` // prettier-ignore
      for (const part of parts(texts)) {
        if (length > 0 && length + part.length > longestLine) end()
        line.push(`${before}${part}]}]}`)
        length += before.length + part.length
      }
    }
  }
  end()
  return { text: lines.join(''), came, kept }
}

/** Items joined, as many as fit. */
function parts(texts: readonly string[]): string[] {
  const joined: string[] = []
  let [begin, length] = [0, 0]
  for (const [i, text] of texts.entries()) {
    if (i > begin && length + text.length > longestLine) {
      joined.push(texts.slice(begin, i).join(','))
      begin = i
      length = 0
    }
    length += text.length + 1
  }
  if (texts.length > begin) joined.push(texts.slice(begin).join(','))
  return joined
}
