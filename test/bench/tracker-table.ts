/** What the tracker adds to a call, against its bound. */
import { bare } from './child.js'

interface Added {
  readonly bare: number
  readonly tracked: number
  readonly added: number
}

export async function trackerTable(): Promise<string> {
  const { stdout } = await bare('track', [])
  const told = JSON.parse(stdout) as Readonly<Record<'whole' | 'streamed', Added>>
  const row = (what: string, { bare: without, tracked, added }: Added, target: string): string =>
    `| ${[what, ...[without, tracked, added].map((us) => `${us.toFixed(0)} µs`), target].join(' | ')} |`
  return [
    '| CPU of a call through a fetch that answers at once | without the tracker | with it | added | target |',
    '|---|---:|---:|---:|---:|',
    row('request and answer of 3 kB', told.whole, '≤ 50 µs'),
    row('the same, streamed in 300 events', told.streamed, ''),
  ].join('\n')
}
