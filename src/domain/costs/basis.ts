/** Which cost counts when both are known: see `cost_basis` in the config. */
export type CostBasis = 'list-first' | 'reported-first'
