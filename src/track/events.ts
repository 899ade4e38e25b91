/** Server-sent events of an answer as it streams by: what of them is worth parsing, and when the first token came. */

/** An event with one of these says something of the call beside its text. */
const telling =
  /"usage":\s*\{|"finish_reason":\s*"|"type":\s*"(?:message_start|message_delta|error|response\.(?:completed|incomplete|failed))"|"error":\s*[{"]/

/** The first text, reasoning or argument. */
const firstToken =
  /"(?:content|text|delta|partial_json|reasoning|reasoning_content|thinking|arguments|refusal)":\s*"[^"]/

/** Nothing of the answer comes after such an event: a reader may stop there. */
const last = /^data:\s*\[DONE\]|"type":\s*"(?:message_stop|response\.(?:completed|incomplete|failed))"/

/** Longer events are passed by; that of a whole answer is below. */
const longest = 16_000_000

export class EventReader {
  #line = ''
  #isTooLong = false
  #hasToken = false
  #isOver = false
  readonly #decoder = new TextDecoder()
  readonly #told: (data: string) => void
  readonly #begun: () => void

  /**
   * @param told is given the data of each event that says something of the call
   * @param begun is called once, at the first token
   */
  constructor(told: (data: string) => void, begun: () => void) {
    this.#told = told
    this.#begun = begun
  }

  /** Whether the answer was read to its end, whatever of the stream is left. */
  get isOver(): boolean {
    return this.#isOver
  }

  add(chunk: Uint8Array): void {
    const text = this.#decoder.decode(chunk, { stream: true })
    let from = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      this.#keep(text.slice(from, end))
      this.#endLine()
      from = end + 1
    }
    this.#keep(text.slice(from))
  }

  end(): void {
    this.#endLine()
  }

  #keep(part: string): void {
    if (this.#line.length + part.length > longest) this.#isTooLong = true
    else this.#line += part
  }

  #endLine(): void {
    const line = this.#line
    const passed = this.#isTooLong
    this.#line = ''
    this.#isTooLong = false
    if (passed || !line.startsWith('data:')) return
    if (!this.#hasToken && firstToken.test(line)) {
      this.#hasToken = true
      this.#begun()
    }
    if (last.test(line)) this.#isOver = true
    if (telling.test(line)) this.#told(line.slice(5))
  }
}
