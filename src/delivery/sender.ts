/** Who a mail comes from where nobody says. */
import { hostname } from 'node:os'
import type { Address } from '../domain/words/addresses.js'

export function defaultSender(): Address {
  const host = hostname().replaceAll(/[^\w.-]/g, '') || 'localhost'
  return { name: 'llmcost', address: `llmcost@${host}` }
}
