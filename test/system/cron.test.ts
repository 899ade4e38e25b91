/**
 * The cron lines of the pages, run as cron runs them: by /bin/sh, without a terminal, with next to no
 * environment, with the packed program in a folder that stands for /usr/local/bin and the `sendmail` and
 * server of OpenSMTPD. Nothing of a line is changed but the folders it names.
 */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { emptyFolder, type Ran } from '../e2e/program.js'
import { config, expectReport, makeService, prefix, scheduledWorld } from './scheduled-world.js'
import { crontab, jobsOf, runAlone, type Job } from './scheduled.js'

const { cwd, places, service, mail, expectNoMail } = scheduledWorld()

/** The line of the pages that has these words. */
function line(words: string): Job {
  const found = jobsOf(crontab(places)).filter(({ command }) => command.includes(words))
  if (found.length !== 1) throw new Error(`${found.length} lines of the pages have ${words}`)
  return found[0]!
}
const monday = (): Job => line('sendmail -t')
const hourly = (): Job => line('llmcost check')

interface As {
  readonly home?: string | undefined
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly command?: string
}

/** What Debian's cron sets, and then the crontab's own lines. */
function asCron({ command, env }: Job, as: As = {}): Promise<Ran> {
  const home = 'home' in as ? as.home : cwd
  const base = { SHELL: '/bin/sh', PATH: '/usr/bin:/bin', LOGNAME: 'root' }
  return runAlone(['/bin/sh', '-c', as.command ?? command], {
    cwd: as.cwd ?? home ?? '/',
    env: { ...base, ...(home === undefined ? {} : { HOME: home }), ...env, ...as.env },
  })
}

describe('cron', () => {
  test('takes the crontab as it is printed', () => {
    const file = join(cwd, 'crontab')
    writeFileSync(file, crontab())
    expect(spawnSync('crontab', ['-n', file], { encoding: 'utf8' })).toMatchObject({ status: 0 })
    expect(jobsOf(crontab()).map(({ schedule }) => schedule)).toEqual([
      '5 * * * *',
      '0 8 * * 1',
      '*/5 * * * *',
    ])
  })

  test.each([
    ['with a home', cwd, cwd],
    ['without one, from /', undefined, '/'],
    ['with a home that is not there, from /', '/nonexistent', '/'],
  ])('the report of Monday arrives %s', async (_, home, from) => {
    expect(await asCron(monday(), { home, cwd: from })).toEqual({
      stdout: '',
      stderr: '',
      code: 0,
      signal: null,
    })
    expectReport((await mail().arrived(1))[0])
  })

  test('the check reads what is new and says what fires, and nothing else', async () => {
    const fired = await asCron(hourly(), { home: undefined })
    expect(fired).toMatchObject({ code: 3, stderr: '' })
    expect(fired.stdout).toContain('Fired rules')
    writeFileSync(service('llmcost.config.yaml'), config.replace('0.001', '1000'))
    expect(await asCron(hourly())).toEqual({ stdout: '', stderr: '', code: 0, signal: null })
  })

  test('a file that ingest refuses is said, and the check is made', async () => {
    const folder = emptyFolder()
    makeService(folder)
    writeFileSync(
      join(folder, 'logs/odd.jsonl'),
      '{"timestamp": "never", "model": "gpt-4o", "input_tokens": 2}\n',
    )
    const odd = { ...places, '/srv/llmcost': folder }
    const job = jobsOf(crontab(odd)).find(({ command }) => command.includes('llmcost check'))!
    const ran = await asCron(job)
    expect(ran.stderr).toContain(`${folder}/logs/odd.jsonl was refused: none of its records can be read`)
    expect(ran.stdout).toContain('Fired rules')
  })

  test('the figures for Prometheus are written without a word', async () => {
    expect(await asCron(line('llmcost metrics'), { home: undefined })).toEqual({
      stdout: '',
      stderr: '',
      code: 0,
      signal: null,
    })
    expect(readFileSync(join(cwd, 'textfiles/llmcost.prom'), 'utf8')).toContain('llmcost_cost_usd_total{')
  })
})

describe('what is missing is said, and no mail goes out', () => {
  const noRecipients = 'sendmail: no recipients'

  test('no PATH', async () => {
    const ran = await asCron(monday(), { env: { PATH: '/usr/bin:/bin' } })
    expect(ran.stderr).toContain('llmcost: not found')
    expect(ran.stderr).toContain('sendmail: not found')
    expect(ran.code).toBe(127)
    await expectNoMail()
  })

  test('no node', async () => {
    const bin = prefix(join(emptyFolder(), 'bin'), '/usr/sbin/sendmail')
    const ran = await asCron(monday(), { env: { PATH: bin } })
    expect(ran.stderr).toMatch(/node.*No such file or directory/)
    expect(ran.stderr).toContain(noRecipients)
    expect(ran.code).not.toBe(0)
    await expectNoMail()
  })

  test.each([
    ['no database', 'db: none.duckdb\n', 'none.duckdb: no calls have been ingested yet'],
    ['a config file that is broken', 'db: [\n', 'llmcost.config.yaml:2: the config file is not YAML'],
    ['a config key that is wrong', 'dp: costs.duckdb\n', 'llmcost.config.yaml:1: '],
  ])('%s', async (_, text, said) => {
    writeFileSync(service('llmcost.config.yaml'), text)
    const ran = await asCron(monday())
    expect(ran.stderr).toContain(said)
    expect(ran.stderr).toContain(noRecipients)
    expect(ran).toMatchObject({ stdout: '' })
    expect(ran.code).not.toBe(0)
    await expectNoMail()
  })

  test.each([
    [
      'no config file',
      ['LLMCOST_CONFIG', '/nonexistent/llmcost.config.yaml'],
      '/nonexistent/llmcost.config.yaml: ',
    ],
    ['no home and nothing that names a database', ['LLMCOST_CONFIG', '/dev/null'], 'LLMCOST_DB'],
  ])('%s', async (_, [name, value], said) => {
    const ran = await asCron(monday(), { home: '', cwd: '/', env: { [name!]: value! } })
    expect(ran.stderr).toContain(said)
    expect(ran.stderr).toContain(noRecipients)
    expect(ran.stderr).not.toContain('    at ')
    expect(ran.code).not.toBe(0)
    await expectNoMail()
  })

  test('a report that is killed on its way', async () => {
    const command = monday().command.replace(/^llmcost/, 'timeout -s KILL 0.1 llmcost')
    const ran = await asCron(monday(), { command })
    // sendmail writes its sentence in pieces, and the shell tells of the killed program meanwhile.
    expect(ran.stderr).toContain('no recipients')
    expect(ran.code).not.toBe(0)
    await expectNoMail()
  })

  test('nobody to send it to', async () => {
    const command = monday().command.replace(' --to team@example.com', '')
    const ran = await asCron(monday(), { command })
    expect(ran.stderr).toContain('--format email needs --to')
    expect(ran.stderr).toContain(noRecipients)
    expect(ran.code).not.toBe(0)
    await expectNoMail()
  })

  test('a user whom no list of users names, with no home', async () => {
    // It keeps the right to read, so that the folders of a checkout need not be open to all.
    const caps = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override']
    const user = ['--reuid=54321', '--regid=54321', '--clear-groups', ...caps]
    const llmcost = ['setpriv', ...user, 'llmcost'] as const
    const env = { PATH: line('llmcost check').env['PATH']!, LLMCOST_CONFIG: service('llmcost.config.yaml') }
    const ran = await runAlone([...llmcost, 'status'], { cwd: '/', env: { PATH: env.PATH } })
    expect(ran).toEqual({
      stdout: '',
      stderr:
        'llmcost: there is no home folder to keep the database in\n  Name the database with --db or LLMCOST_DB, or set HOME.\n',
      code: 2,
      signal: null,
    })
    const told = await runAlone([...llmcost, 'report'], { cwd: '/', env })
    expect(told).toMatchObject({ code: 0, stderr: '' })
  })

  test('a folder of the database that cannot be written', async () => {
    chmodSync(service('.'), 0o555)
    try {
      const user = ['--reuid=nobody', '--regid=nogroup', '--clear-groups']
      const caps = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search']
      const { env } = hourly()
      const job = runAlone(
        ['setpriv', ...user, ...caps, 'llmcost', 'ingest', service('logs'), '--db', service('x.duckdb')],
        {
          cwd: '/',
          env,
        },
      )
      const ran = await job
      expect(ran.code).toBe(1)
      expect(ran.stderr).toContain(service('x.duckdb'))
      expect(ran.stderr).not.toContain('    at ')
    } finally {
      chmodSync(service('.'), 0o755)
    }
  })
})

/** Mounts of its own, so that the machine's crontabs are out of its sight; some containers forbid them. */
const mayMount = spawnSync('unshare', ['--mount', 'true']).status === 0

test.runIf(mayMount)('the daemon of Debian runs the lines, and mails what fails', async () => {
  const folder = emptyFolder()
  for (const name of ['run', 'crontabs', 'cron.d']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'none'), '')
  const [report] = jobsOf(crontab(places)).filter(({ command }) => command.includes('sendmail -t'))
  const text = crontab(places)
    .split('\n')
    .filter((each) => /^\w+=/.test(each) || each.includes('sendmail -t'))
    .map((each) => each.replace(report!.schedule, '@reboot'))
  const broken = ['LLMCOST_CONFIG=/nonexistent.yaml', text.at(-1)]
  writeFileSync(join(folder, 'crontabs/root'), `${[...text, ...broken].join('\n')}\n`, { mode: 0o600 })
  const mounts = [
    `touch run/smtpd.sock && mount --bind /run/smtpd.sock run/smtpd.sock`,
    'mount --rbind run /run',
    'mount --bind crontabs /var/spool/cron/crontabs',
    'mount --bind cron.d /etc/cron.d',
    'mount --bind none /etc/crontab',
    'exec cron -f',
  ]
  const daemon = spawn('unshare', ['--mount', 'sh', '-ec', mounts.join('\n')], {
    cwd: folder,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: 'ignore',
    detached: true,
  })
  const ended = new Promise((done) => daemon.on('close', done))
  try {
    const mails = await mail().arrived(2)
    expectReport(mails.find(({ subject }) => subject?.startsWith('LLM cost $')))
    const failed = mails.find(({ subject }) => subject?.startsWith('Cron '))
    expect(failed?.to?.map(({ address }) => address)).toEqual(['ops@example.com'])
    expect(failed?.text).toContain('/nonexistent.yaml: ')
    expect(failed?.text).toContain('sendmail: no recipients')
  } finally {
    daemon.kill()
    await ended
  }
})
