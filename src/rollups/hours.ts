/** SQL: the hour of a time, counted from 1970. */
export const hourOf = (ts: string): string => `epoch_us(${ts}) // 3600000000`
