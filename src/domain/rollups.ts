/** When a store keeps sums of its calls beside them: where it is large, in any case, or not at all. */
export type Rollups = 'auto' | 'always' | 'never'
