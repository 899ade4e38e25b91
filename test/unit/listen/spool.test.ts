/** The spool's files: whole lines on the disk, through crashes, full disks, clearing and a second listener. */
import { spawn } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs' // prettier-ignore
import { open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SpoolLock } from '../../../src/listen/spool-lock.js'
import { Spool } from '../../../src/listen/spool.js'
import { quickFolder } from '../../quick-folder.js'

let folder = ''

beforeEach(() => {
  folder = join(mkdtempSync(join(quickFolder, 'llmcost-test-')), 'spool')
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
  rmSync(join(folder, '..'), { recursive: true, force: true })
})

const files = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.jsonl')).toSorted() // prettier-ignore
const linesIn = (): string[] => files().flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1)) // prettier-ignore
const line = (i: number): Buffer => Buffer.from(`{"line":${i},"of":"${'x'.repeat(20)}"}\n`)
const opened = (maxFileBytes = 1_000_000): Promise<Spool> => Spool.open({ folder, maxFileBytes })

test('what is told to be written is on the disk: one sync for all who wait, files for this user alone', async () => {
  const spool = await opened()
  const handle = await open(join(folder, 'probe'), 'w')
  const sync = vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, 'datasync')
  await handle.close()
  await Promise.all(Array.from({ length: 200 }, (_, i) => spool.append(line(i)).then(() => expect(linesIn()).toContain(line(i).toString().trim())))) // prettier-ignore
  expect(sync.mock.calls.length).toBeLessThanOrEqual(2)
  expect(linesIn()).toHaveLength(200)
  expect(statSync(join(folder, files()[0]!)).mode & 0o777).toBe(0o600)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  await spool.close()
  expect(readdirSync(folder).toSorted()).toEqual([...files(), 'probe'])
})

test('a new file at a size and each day, under a name that never comes again', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-10-05T23:59:59Z') })
  const spool = await opened(100)
  for (let i = 0; i < 5; i++) await spool.append(line(i))
  expect(files()).toHaveLength(3)
  vi.setSystemTime(new Date('2026-10-06T00:00:01Z'))
  await spool.append(line(5))
  // One request that is longer than a file has one of its own.
  await spool.append(Buffer.concat(Array.from({ length: 9 }, (_, i) => line(6 + i))))
  await spool.close()
  expect(files().map((name) => /^otlp-(\S{10})-\d+-[0-9a-f]{8}-(\d)\.jsonl$/.exec(name)?.slice(1))).toEqual([
    ['2026-10-05', '1'],
    ['2026-10-05', '2'],
    ['2026-10-05', '3'],
    ['2026-10-06', '4'],
    ['2026-10-06', '5'],
  ])
  expect(linesIn()).toEqual(Array.from({ length: 15 }, (_, i) => line(i).toString().trim()))
})

test('what could not be written is told so, leaves no half line, and does not keep the next from being written', async () => {
  const spool = await opened()
  await spool.append(line(0))
  const handle = await open(join(folder, 'probe'), 'w')
  const prototype = Object.getPrototypeOf(handle) as typeof handle
  await handle.close()
  // The disk takes half a line and is full; then a sync fails, after which nobody knows what is there.
  // eslint-disable-next-line typescript/unbound-method -- It is called with a handle of its own.
  const original = prototype.write
  const write = vi.spyOn(prototype, 'write').mockImplementationOnce(async function (this: typeof handle, ...args: unknown[]) {
    const [bytes, , length, position] = args as [Buffer, number, number, number]
    await (original as (...all: unknown[]) => Promise<unknown>).call(this, bytes, 0, Math.floor(length / 2), position)
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  }) // prettier-ignore
  await expect(spool.append(line(1))).rejects.toThrow('ENOSPC')
  expect(write).toHaveBeenCalledTimes(1)
  vi.spyOn(prototype, 'datasync').mockRejectedValueOnce(new Error('EIO: i/o error'))
  await expect(spool.append(line(2))).rejects.toThrow('EIO')
  await spool.append(line(3))
  await spool.close()
  expect(linesIn()).toEqual([line(0), line(3)].map((one) => one.toString().trim()))
})

test('files that are cleared or moved away while they are open cost nothing', async () => {
  const spool = await opened()
  await spool.append(line(0))
  rmSync(join(folder, files()[0]!))
  await spool.append(line(1))
  expect(linesIn()).toEqual([line(1).toString().trim()])
  renameSync(join(folder, files()[0]!), join(folder, 'kept.jsonl'))
  await spool.append(line(2))
  expect(linesIn()).toEqual([line(1), line(2)].map((one) => one.toString().trim()))
  await spool.close()
})

test('a line that a crash left half written is cut off at the next start; others, and foreign files, stay', async () => {
  const first = await opened()
  await first.append(Buffer.concat([line(0), line(1)]))
  await first.close()
  const [name = ''] = files()
  appendFileSync(join(folder, name), `{"resourceSpans":[{"cut":"${'y'.repeat(200_000)}`)
  writeFileSync(join(folder, name.replace('otlp-', 'otlp-0')), '{"torn')
  writeFileSync(join(folder, 'own.jsonl'), '{"a":1}')
  const second = await opened()
  await second.append(line(2))
  await second.close()
  expect(readFileSync(join(folder, name), 'utf8')).toBe(`${line(0).toString()}${line(1).toString()}`)
  expect(readFileSync(join(folder, name.replace('otlp-', 'otlp-0')), 'utf8')).toBe('')
  expect(readFileSync(join(folder, 'own.jsonl'), 'utf8')).toBe('{"a":1}')
  expect(linesIn()).toContain(line(2).toString().trim())
})

describe('the lock', () => {
  const held = (): string => readFileSync(join(folder, 'listen.lock'), 'utf8')
  const take = (): Promise<SpoolLock> => SpoolLock.take(folder)
  beforeEach(() => mkdirSync(folder))

  test('of several that start at once, one has the spool', async () => {
    const all = await Promise.allSettled(Array.from({ length: 8 }, take))
    const [won] = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const one of all)
      if (one.status === 'rejected')
        expect(String(one.reason)).toContain(`another listener has this spool: process ${process.pid}`)
    await won!.release()
    expect(readdirSync(folder)).toEqual([])
    await (await take()).release()
  })

  test('that of a process that was killed is taken over, by one of several, and by who got its number', async () => {
    const child = spawn('sleep', ['60'])
    const dead = { pid: child.pid, host: hostname(), began: '1' }
    writeFileSync(join(folder, 'listen.lock'), JSON.stringify(dead))
    // The number is another program's by now.
    await (await take()).release()
    child.kill('SIGKILL')
    await new Promise((gone) => child.on('exit', gone))
    writeFileSync(join(folder, 'listen.lock'), JSON.stringify(dead))
    const all = await Promise.allSettled(Array.from({ length: 6 }, take))
    const won = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(won).toHaveLength(1)
    await won[0]!.release()
    writeFileSync(join(folder, 'listen.lock'), JSON.stringify({ ...dead, pid: process.pid }))
    await (await take()).release()
  })

  test('of another machine it is known by its age alone; what is no lock counts as one', async () => {
    for (const text of [JSON.stringify({ pid: 1, host: 'elsewhere', began: '1' }), 'torn']) {
      writeFileSync(join(folder, 'listen.lock'), text)
      await expect(take()).rejects.toThrow('another listener has this spool')
      expect(held()).toBe(text)
      const longAgo = new Date(Date.now() - 61_000)
      utimesSync(join(folder, 'listen.lock'), longAgo, longAgo)
      await (await take()).release()
      expect(existsSync(join(folder, 'listen.lock'))).toBe(false)
    }
  })

  test.skipIf(process.getuid?.() === 0)(
    'a folder that nobody may write to is the fault that it is',
    async () => {
      chmodSync(folder, 0o500)
      await expect(take()).rejects.toThrow('EACCES')
    },
  )
})
