/** Addresses at which only this machine can ask. */
const loopback = /^(127(\.\d{1,3}){3}|::1|localhost)$/

/** Whether only this machine can ask at an address or name, without brackets. */
export const isLoopback = (host: string): boolean => loopback.test(host)

/**
 * Whether a request asks for this machine by a name that only it has: a page in a browser could ask under a name of
 * its own that leads here. HTTP/1.0 needs none.
 * @param header `Host` of the request
 */
export function asksHere(header: string | undefined): boolean {
  if (header === undefined) return true
  return isLoopback(header.replace(/:\d+$/, '').replaceAll(/^\[|\]$/g, ''))
}
