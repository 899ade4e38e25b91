/** The signals by which a program that serves is ended. */
const signals = ['SIGTERM', 'SIGINT'] as const

/** Resolves at the first; a second one ends the process at once. `forget`: nobody waits for it any more. */
export function untilSignal(): { readonly told: Promise<void>; readonly forget: () => void } {
  let end = (): void => undefined
  // Whoever else hears this signal is to find that it is taken care of.
  const forget = (): void =>
    void setImmediate(() => signals.forEach((signal) => process.removeListener(signal, end)))
  const told = new Promise<void>((resolve) => {
    end = (): void => {
      forget()
      resolve()
    }
  })
  for (const signal of signals) process.on(signal, end)
  return { told, forget }
}
