/** The mark of lines that `llmcost/track` writes, and the key of one that says how many calls it left out. */
export const trackedBy = { key: 'tracked_by', value: 'llmcost', dropped: 'dropped_calls' } as const
