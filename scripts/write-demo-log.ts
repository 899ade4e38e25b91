/** Writes the demo log to fixtures/demo, gzipped. Run by `npm run demo:log`. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { demoLog } from './demo-log.js'

const folder = 'fixtures/demo'
mkdirSync(folder, { recursive: true })
for (const name of readdirSync(folder)) if (name.endsWith('.jsonl.gz')) rmSync(`${folder}/${name}`)
for (const [name, text] of demoLog()) writeFileSync(`${folder}/${name}.gz`, gzipSync(text, { level: 9 }))
