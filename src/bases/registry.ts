/** Every basis of money as a layer over calls. */
import type { MoneyBasis } from '../domain/costs/basis.js'
import type { ContractTerm } from '../domain/costs/contract.js'
import { billed } from './billed.js'
import type { BillerDay } from './biller-days.js'
import { contract } from './contract.js'
import type { Layer } from './layer.js'
import { list, reported } from './plain.js'

/** What the layers are made of, beside the calls. */
export interface Agreed {
  readonly contracts: readonly ContractTerm[]
  /** Midnights of bills that are not those of UTC; `countAs` finds them. */
  readonly billerDays?: readonly BillerDay[]
  /** What of fixed amounts is due by then counts. */
  readonly asOf: Date
}

export function layerOf(basis: MoneyBasis, { contracts, billerDays, asOf }: Agreed): Layer {
  switch (basis) {
    case 'list':
      return list
    case 'reported':
      return reported
    case 'contract':
      return contract(contracts, asOf)
    case 'billed':
      return billed(billerDays)
  }
}
