/** What holds where `guard` of the config file says nothing. */
export const defaultGuard = {
  critical_features: [],
  routes: [],
  output_tokens: 4096,
  unpriced: 'allow',
  reservation: 15 * 60_000,
  store_timeout: 250,
  on_store_failure: 'open',
} as const
