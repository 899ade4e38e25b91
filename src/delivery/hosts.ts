/** Where a connection goes: only what stays on this machine may go without encryption. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '')
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name)
}

/** Objection to a URL that would carry its secret in the clear, in words; undefined when there is none. */
export function needsHttps(url: URL): string | undefined {
  if (url.protocol === 'https:') return undefined
  return url.protocol === 'http:' && isLoopback(url.hostname) ? undefined : 'must begin with https://'
}

export function needsHttp(url: URL): string | undefined {
  return /^https?:$/.test(url.protocol) ? undefined : 'must begin with https:// or http://'
}
