/**
 * prometheus: what `llmcost metrics` exposes, as families of samples, as text, and over HTTP. Pure but for
 * server.ts; what is asked of the store comes in as rows.
 *
 * This file: the text format, version 0.0.4, as Prometheus and the node exporter's textfile collector read it.
 */

export interface Sample {
  /** Of the family's name: `_bucket`, `_sum` and `_count` of a histogram. */
  readonly suffix?: string
  /** null and '' are no label. */
  readonly labels: Readonly<Record<string, string | null>>
  /** An exact decimal, as it is written. */
  readonly value: string
}

export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: readonly Sample[]
}

/** What an HTTP answer with this text is labelled as. */
export const contentType = 'text/plain; version=0.0.4; charset=utf-8'

/** Families in their order; one without a sample is left out. */
export function exposition(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, type, help, samples }) =>
      [
        `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
        `# TYPE ${name} ${type}`,
        ...samples.map((sample) => `${name}${sample.suffix ?? ''}${labelSet(sample)} ${sample.value}`),
        '',
      ].join('\n'),
    )
    .join('')
}

function labelSet({ labels }: Sample): string {
  const pairs = Object.entries(labels).flatMap(([name, value]) =>
    value === null || value === '' ? [] : [`${name}="${escaped(value)}"`],
  )
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

/** Backslash, quote and line feed are all that the format escapes; readers take everything else as it is. */
const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

/** A dimension's key as the name of a label: `tag.tier` is `tag_tier`. */
export const labelName = (key: string): string => key.replaceAll(/[^a-zA-Z0-9_]/g, '_')
