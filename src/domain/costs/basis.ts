/**
 * domain: what calls, money, time and dimensions are, in names and pure functions; no input or output
 * happens in this folder.
 */

/** Which cost counts when both are known: see `cost_basis` in the config. */
export type CostBasis = 'list-first' | 'reported-first'
