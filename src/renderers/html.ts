/** A page of its own: opened in a browser, printed, or sent as a file. Loaded when it is asked for. */
import type { LazyRenderer } from './renderer.js'

export const html: LazyRenderer = {
  id: 'html',
  title: 'for browsers, paper and phones: one file with charts',
  endings: ['html', 'htm'],
  render: async (report, options) => {
    const { pageOf } = await import('./html/page.js')
    return `${pageOf(report, options.tz ?? report.period.tz).text}\n`
  },
}
