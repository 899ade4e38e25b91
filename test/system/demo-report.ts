/** The report of the demo log, as it is asked for and as it must arrive. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Email } from 'postal-mime'
import { expect } from 'vitest'
import { runWell } from '../e2e/program.js'

/** What `send` and `report` are asked, in a folder of `ingestDemo`. */
export const question = [
  '--db',
  'costs.duckdb',
  '--as-of',
  '2026-09-28T09:00Z',
  '--sections',
  'summary,days,features',
]

export async function ingestDemo(cwd: string): Promise<void> {
  cpSync(fileURLToPath(new URL('../../fixtures/demo', import.meta.url)), join(cwd, 'logs'), {
    recursive: true,
  })
  await runWell(['ingest', 'logs', '--db', 'costs.duckdb'], { cwd })
}

/** The report is in it as text and as HTML, and nothing was lost on the way. */
export function expectDemoReport(mail: Email | undefined, to: string): void {
  expect(mail?.subject).toMatch(/^LLM cost report, 2026-09-\d\d – 2026-09-\d\d \(7 days, UTC\)$/)
  expect(mail?.to?.map(({ address }) => address)).toEqual([to])
  expect(mail?.text).toContain('document-analysis')
  expect(mail?.text?.split('\n').filter((line) => line.trimEnd().length > 78)).toEqual([])
  expect(mail?.html).toContain('document-analysis')
  // The pictures of the chart arrive as they left, and the HTML shows each.
  const pictures = mail?.attachments ?? []
  expect(pictures.map(({ mimeType, disposition }) => [mimeType, disposition])).toEqual(
    Array.from({ length: 4 }, () => ['image/png', 'inline']),
  )
  for (const { contentId, content } of pictures) {
    expect(mail?.html).toContain(`src="cid:${contentId?.slice(1, -1)}"`)
    const bytes = Buffer.from(content as ArrayBuffer)
    expect(bytes.subarray(1, 4).toString()).toBe('PNG')
    // The last chunk of a PNG: nothing was cut off.
    expect(bytes.subarray(-8, -4).toString()).toBe('IEND')
  }
}
