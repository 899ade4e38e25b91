/** Where an engine is: `clickhouse://host:8123/db`, `trino://host:8080/catalog/schema`; with an s, over TLS. */
import { UserError } from '../../errors.js'

export interface Address {
  readonly engine: 'clickhouse' | 'trino'
  readonly host: string
  readonly port: number
  readonly isSecure: boolean
  /** Database, or catalog and schema. */
  readonly path: readonly string[]
  /** The table, where the address names it too. */
  readonly table: string | undefined
  /** As it is told, without anything secret. */
  readonly said: string
  /** A wait without a byte ends after it, ms. */
  readonly timeoutMs: number
}

const pattern = /^(clickhouse|trino)(s?):\/\//i

/** True for a source that is an engine's. */
export const isAddress = (text: string): boolean => pattern.test(text)

const ports = { clickhouse: [8123, 8443], trino: [8080, 8443] } as const

/** @throws UserError (usage) */
export function addressOf(text: string, timeoutMs: number): Address {
  const [, scheme = '', secure = ''] = pattern.exec(text) ?? []
  const engine = scheme.toLowerCase() as Address['engine']
  let url: URL
  try {
    url = new URL(text.replace(pattern, secure === '' ? 'http://' : 'https://'))
  } catch (error) {
    throw wrong(text, 'it is no address', error)
  }
  if (url.username !== '' || url.password !== '')
    throw new UserError(
      'an address with a name or a password is not taken: others could read it in the list of processes',
      {
        code: 'usage',
        hint: `Set ${variables[engine].join(', ')} in the environment.`,
      },
    )
  if (url.search !== '' || url.hash !== '') throw wrong(text, 'nothing may follow the path')
  const path = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent)
  const places = engine === 'trino' ? 2 : 1
  if (path.length > places + 1) throw wrong(text, 'its path is too long')
  if (engine === 'trino' && path.length < places) throw wrong(text, 'it lacks catalog and schema')
  const [table] = path.splice(places)
  const isSecure = secure !== ''
  const explicit = /:(\d+)(?:\/|$)/.exec(text.replace(pattern, ''))?.[1]
  const port = explicit === undefined ? ports[engine][isSecure ? 1 : 0] : Number(explicit)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const said = `${engine}${secure}://${url.hostname}:${port}/${path.join('/')}`
  return { engine, host, port, isSecure, path, table, said, timeoutMs }
}

/** Environment variables of credentials. */
export const variables = {
  clickhouse: ['LLMCOST_CLICKHOUSE_USER', 'LLMCOST_CLICKHOUSE_PASSWORD'],
  trino: ['LLMCOST_TRINO_USER', 'LLMCOST_TRINO_PASSWORD', 'LLMCOST_TRINO_TOKEN'],
} as const

/** True where nobody else can listen. */
export const isLoopback = ({ host }: Address): boolean => /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host)

const wrong = (text: string, why: string, cause?: unknown): UserError =>
  new UserError(`${text}: ${why}`, {
    code: 'usage',
    hint: 'Write clickhouse://host:8123/database or trino://host:8080/catalog/schema; clickhouses:// and trinos:// use TLS.',
    cause,
  })
