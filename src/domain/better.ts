/** Whether a user is better off with more of a figure, or with less. */
export type Better = 'more' | 'less'
