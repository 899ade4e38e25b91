/** What an anomaly must come to before it is told, and how sensitive the tests are. */
import { bounds as boundTable, type Bounds } from './bounds.js'

export interface Materiality {
  /** Smallest excess of one hour, as a share of the account's usual day, 0–1; all other shares move with it. */
  readonly minShare: number
  /** Smallest excess, USD. */
  readonly minUsd: number
  /** The bounds of noise are multiplied by it. */
  readonly noiseScale: number
}

/** By `bounds` of the config file. */
export const materialityOf = (bounds: Bounds): Materiality => ({
  minShare: bounds.anomaly_min_share,
  minUsd: bounds.anomaly_min_usd,
  noiseScale: 1 / bounds.anomaly_sensitivity,
})

/** Shares of a usual day were chosen beside the default share of an hour: what each is multiplied by. */
export const shareTimes = (minShare: number): number => minShare / boundTable.anomaly_min_share.value
