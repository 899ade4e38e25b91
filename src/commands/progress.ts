import { bytes, count } from '../domain/words/wording.js'
import type { ReadingProgress } from '../ingest/request.js'
import type { Terminal } from './command.js'

export interface Progress {
  readonly update: ((progress: ReadingProgress) => void) | undefined
  readonly stop: () => void
}

/** Quick runs show no bar, ms. */
const patience = 300

/** A bar with rate and time left on stderr; nothing where stderr is not a terminal. */
export function progressBar(terminal: Terminal): Progress {
  if (!terminal.interactive) return { update: undefined, stop: () => undefined }
  const start = Date.now()
  let state: ReadingProgress | undefined
  // What has to be read twice is no step back.
  let most = 0
  const draw = (): void => {
    const elapsed = Date.now() - start
    if (state === undefined || elapsed < patience) return
    most = Math.max(most, state.done())
    const line = progressLine({ ...state, done: () => most }, elapsed / 1000)
    // The answer may go to a file: the bar has the room of its own terminal.
    const room = terminal.progress.columns || terminal.columns
    terminal.progress.write(`\r\x1b[2K${line.slice(0, room - 1)}`)
  }
  const timer = setInterval(draw, 150)
  timer.unref()
  return {
    update: (progress) => {
      state = progress
      draw()
    },
    stop: () => {
      clearInterval(timer)
      if (state !== undefined) terminal.progress.write('\r\x1b[2K')
    },
  }
}

/** One line of text: `████░░░░ 40 %  1.2 GB of 3.0 GB, 210 MB/s, 9 s left`. */
export function progressLine(state: ReadingProgress, seconds: number): string {
  const done = Math.min(state.done(), state.total)
  if (done >= state.total) return `${count(state.lines)} lines read, merging …`
  const share = done / state.total
  const bar = '█'.repeat(Math.round(share * 20)).padEnd(20, '░')
  const rate = done / seconds
  const pace = rate > 0 ? `, ${bytes(rate)}/s, ${Math.ceil((state.total - done) / rate)} s left` : ''
  return `${bar} ${Math.floor(share * 100)} %  ${bytes(done)} of ${bytes(state.total)}${pace}`
}
