/** The kind of what went wrong with a call; never its words, which may quote a prompt. */
export function errorKind(failure: unknown): string {
  if (!(failure instanceof Error)) return 'aborted'
  if (failure.name === 'AbortError' || failure.name === 'ResponseAborted') return 'aborted'
  if (failure.name === 'TimeoutError') return 'timeout'
  const { statusCode } = failure as { statusCode?: unknown }
  if (typeof statusCode === 'number') return `http_${statusCode}`
  const { code } = (failure.cause ?? failure) as { code?: unknown }
  const word = typeof code === 'string' && /^[A-Z_]{3,40}$/.test(code) ? code : undefined
  if (word !== undefined && /TIMEOUT|TIMEDOUT/.test(word)) return 'timeout'
  return failure.name === 'SyntaxError' ? 'unreadable_answer' : 'connection'
}
