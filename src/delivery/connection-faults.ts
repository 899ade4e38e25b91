/** Why a connection was never made, by the codes of the platform, in words that follow the name of a place. */
const neverReached: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ENOTFOUND: 'has a host that is not known',
  EAI_AGAIN: 'has a host whose name could not be resolved now',
  EHOSTUNREACH: 'cannot be reached',
  ENETUNREACH: 'cannot be reached',
  UND_ERR_CONNECT_TIMEOUT: 'did not take the connection in time',
}

/** Undefined where the receiver may know of it. */
export const unreachedWords = (code: string): string | undefined => neverReached[code]

/** Undefined where no certificate was at fault. */
export const untrustedWords = (code: string): string | undefined =>
  /CERT|SELF_SIGNED|SSL|TLS|ISSUER|SIGNATURE/.test(code)
    ? `has a certificate that is not trusted (${code})`
    : undefined
