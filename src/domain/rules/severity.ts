/** How much something matters, from least to most. */
export const severities = ['info', 'warning', 'critical'] as const
export type Severity = (typeof severities)[number]

export const atLeast = (severity: Severity, bound: Severity): boolean =>
  severities.indexOf(severity) >= severities.indexOf(bound)

/** For lists that begin with what is gravest. */
export const gravestFirst = (
  a: { readonly severity: Severity },
  b: { readonly severity: Severity },
): number => severities.indexOf(b.severity) - severities.indexOf(a.severity)
