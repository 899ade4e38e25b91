/**
 * The price data as the price library ships it: providers, models, prices. Nothing here touches the
 * network.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ModelInfo, Provider } from '@pydantic/genai-prices'

export type { MatchLogic, ModelInfo, ModelPrice, Provider } from '@pydantic/genai-prices'

export interface Catalogue {
  /** Package and version: `genai-prices 0.1.8`. */
  readonly version: string
  /**
   * Day on which that version was published, `YYYY-MM-DD`. The data carry no date of their own, so the
   * day is written down below for each version that this program was released with; null for others.
   */
  readonly date: string | null
  readonly providers: ReadonlyMap<string, Provider>
}

const published: Readonly<Record<string, string>> = { '0.1.8': '2026-09-23' }

let loading: Promise<Catalogue> | undefined

/** The bundled price data. The library is imported on first use: it costs about 30 ms. */
export function loadCatalogue(): Promise<Catalogue> {
  loading ??= readCatalogue()
  return loading
}

async function readCatalogue(): Promise<Catalogue> {
  const { waitForUpdate } = await import('@pydantic/genai-prices')
  const providers = (await waitForUpdate()) ?? []
  const version = installedVersion()
  return {
    version: `genai-prices ${version}`,
    date: published[version] ?? null,
    providers: new Map(providers.map((provider) => [provider.id, provider])),
  }
}

/** The package does not export its package.json, so it is found from the entry file. */
function installedVersion(): string {
  const entry = createRequire(import.meta.url).resolve('@pydantic/genai-prices')
  const manifest: unknown = JSON.parse(readFileSync(join(dirname(entry), '..', 'package.json'), 'utf8'))
  const version = (manifest as { version?: unknown }).version
  return typeof version === 'string' ? version : 'unknown'
}

/** Names under which a model is known: its id and every name that its match spells out. */
export function namesOf(model: ModelInfo): string[] {
  return [...new Set([model.id, ...exactNames(model.match)])]
}

function exactNames(match: ModelInfo['match']): string[] {
  if ('equals' in match) return [match.equals]
  if ('or' in match) return match.or.flatMap(exactNames)
  return []
}
