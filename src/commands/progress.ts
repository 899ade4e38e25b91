import type { Terminal } from './command.js'
import { bytes } from '../domain/wording.js'

export interface Progress {
  readonly update: (done: number, total: number, rows: number) => void
  readonly stop: () => void
}

/** A bar with rate and time left on stderr; nothing where stderr is not a terminal. */
export function progressBar(terminal: Terminal): Progress {
  if (!terminal.interactive) return { update: () => undefined, stop: () => undefined }
  const start = Date.now()
  let state = { done: 0, total: 0, rows: 0 }
  const draw = (): void => {
    const { done, total, rows } = state
    const seconds = (Date.now() - start) / 1000
    if (seconds < 0.3 || total === 0) return
    const share = Math.min(done / total, 1)
    const bar = '█'.repeat(Math.round(share * 20)).padEnd(20, '░')
    const rate = done / seconds
    const left = rate > 0 ? `, ${Math.ceil((total - done) / rate)} s left` : ''
    const line = `${bar} ${Math.round(share * 100)} %  ${bytes(done)} of ${bytes(total)}, ${rows.toLocaleString('en-US')} lines, ${bytes(rate)}/s${left}`
    terminal.progress.write(`\r\x1b[2K${line.slice(0, terminal.columns - 1)}`)
  }
  const timer = setInterval(draw, 200)
  timer.unref()
  return {
    update: (done, total, rows) => {
      state = { done, total, rows }
      draw()
    },
    stop: () => {
      clearInterval(timer)
      terminal.progress.write('\r\x1b[2K')
    },
  }
}
