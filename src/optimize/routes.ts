/** The routing table of `--routes`: which calls go to which model, as a file that a gateway or a program reads. */
import type { GainRow, Prices } from './gains.js'
import type { Values } from './assumptions.js'

/** Version of the file's shape; only grows. */
export const routesVersion = 1

export interface Route {
  readonly feature: string | null
  /** What the calls ask for now. */
  readonly provider: string | null
  readonly model: string | null
  readonly to: { readonly provider: string; readonly model: string }
  /** All of it must hold; what is not known before the call (its output) is what was found, for a router to expect. */
  readonly when:
    | {
        readonly max_input_tokens: number
        readonly expected_output_tokens: number
        readonly max_temperature: number
        readonly tools: false
        readonly first_attempt: true
      }
    | { readonly share_from: number; readonly share_to: number; readonly order: 'shortest first' }
  /** In the window: the calls of this feature and model, those that would have gone, and what that saves. */
  readonly calls: number
  readonly routed_calls: number
  readonly saving_usd: string
}

/** @param rows segments of model-routing, without the total */
export function routes(rows: readonly GainRow[], values: Values, { candidates, shares }: Prices): Route[] {
  return rows.flatMap((row): Route[] => {
    const { figures } = row
    const common = {
      feature: row.d0 ?? null,
      provider: textOf(figures['own_provider']),
      model: row.d1 ?? null,
    }
    const found = {
      calls: Number(row.considered_calls),
      routed_calls: Number(row.saved_calls),
      saving_usd: row.saving_usd,
    }
    if (shares.length > 0) {
      let from = 0
      return shares.map((share, i) => {
        const to = from + Number(share) / 1e6
        const when = { share_from: from, share_to: to, order: 'shortest first' as const }
        from = to
        return { ...common, to: candidates[i]!, when, ...found }
      })
    }
    const [provider, model] = [textOf(figures['to_provider']), textOf(figures['to_model'])]
    if (provider === null || model === null) return []
    const when = {
      max_input_tokens: Number(figures['input_limit']),
      expected_output_tokens: Number(figures['output_limit']),
      max_temperature: values.get('max_temperature')?.number ?? 0,
      tools: false as const,
      first_attempt: true as const,
    }
    return [{ ...common, to: { provider, model }, when, ...found }]
  })
}

const textOf = (value: GainRow['figures'][string] | undefined): string | null =>
  typeof value === 'string' ? value : null
