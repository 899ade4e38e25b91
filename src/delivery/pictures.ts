/** Pictures of a mail as PNG, drawn without a browser and with fonts of the program's own, so that they are the same everywhere. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dataFile } from '../machine/data-folder.js'
import type { Picture } from '../renderers/mail/picture.js'
import type { Attachment } from './compose.js'

/** As charts name it, and as the font files do. */
export const pictureFont = 'Inter'

/** Pixels of a picture for each that is shown: screens have two today, or three. */
const density = 2

const require = createRequire(import.meta.url)

const fonts = ['inter-latin-400-normal.woff2', 'inter-latin-600-normal.woff2']

/** The pictures of a mail, in their order. */
export async function drawn(pictures: readonly Picture[]): Promise<Attachment[]> {
  if (pictures.length === 0) return []
  const { Resvg } = await resvg()
  const fontBuffers = await Promise.all(fonts.map((name) => readFile(dataFile(`fonts/${name}`))))
  return pictures.map(({ cid, svg, background, width }, i) => {
    const image = new Resvg(svg, {
      background,
      fitTo: { mode: 'width', value: width * density },
      font: { fontBuffers, defaultFontFamily: pictureFont, sansSerifFamily: pictureFont },
    })
    const content = image.render().asPng()
    image.free()
    return { filename: `chart-${i + 1}.png`, contentType: 'image/png', content, cid }
  })
}

let started: Promise<typeof import('@resvg/resvg-wasm')> | undefined

/** Started once: a second start is an error. */
function resvg(): Promise<typeof import('@resvg/resvg-wasm')> {
  started ??= (async () => {
    const library = await import('@resvg/resvg-wasm')
    await library.initWasm(await readFile(require.resolve('@resvg/resvg-wasm/index_bg.wasm')))
    return library
  })()
  return started
}
