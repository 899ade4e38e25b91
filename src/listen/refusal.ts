/** Why a request is not taken. */

/** Codes of gRPC, which OTLP's errors bear whatever their way. */
const codes = { 400: 3, 403: 7, 404: 5, 405: 12, 413: 11, 415: 3, 500: 13, 503: 14 } as const

export type RefusedStatus = keyof typeof codes

export class Refusal extends Error {
  readonly status: RefusedStatus
  readonly headers: Readonly<Record<string, string>>

  /** @param message goes to the sender, and quotes nothing of the request */
  constructor(
    status: RefusedStatus,
    message: string,
    { headers = {}, cause }: { headers?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(message, { cause })
    this.status = status
    this.headers = headers
  }

  get code(): number {
    return codes[this.status]
  }
}

/** What may be sent again, in so many seconds. */
export const later = (message: string, seconds: number, cause?: unknown): Refusal =>
  new Refusal(503, message, { headers: { 'Retry-After': String(seconds) }, cause })
