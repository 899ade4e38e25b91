/** Who is at a cap now: as a table and JSON, and as commands that a Redis server takes. */
import type { Scope } from '../../domain/scope.js'
import type { Severity } from '../../domain/rules/severity.js'
import { counted } from '../../domain/words/plurals.js'
import { capPlaces, type CapName } from '../../domain/budgets/user-caps.js'
import type { CappedCallsRow } from '../../metrics/budgets/caps.js'
import { column, dataColumn } from '../columns.js'
import { emptyText, footerOf, warningsOf, type Doubts } from '../notes.js'
import type { Report, Row } from '../report.js'
import { userWarnings } from './caps-report.js'

/** Named as the body of a webhook of `check` names them. */
export interface UserOver {
  /** That of the alert about the same user and cap. */
  readonly key: string
  readonly rule: string
  readonly kind: 'user_caps'
  readonly severity: Severity
  readonly dimension: 'user_id'
  readonly value: string
  /** USD, exact decimals. */
  readonly measured: string
  readonly bound: string
  /** Of the running hour, day or month, ISO 8601 UTC. */
  readonly since: string
  readonly until: string
  readonly text: string
  readonly details: {
    readonly cap_key: CapName
    readonly cap: string
    readonly used: string
    readonly limit: string
  }
  readonly calls: number | bigint
}

interface CapsOver {
  readonly scope: Scope
  readonly users: readonly UserOver[]
  readonly measured: CappedCallsRow
}

export function capsOverReport({ scope, users, measured }: CapsOver, doubts: Doubts): Report {
  const nothing = Number(measured.calls) === 0
  const people = new Set(users.map(({ value }) => value)).size
  return {
    kind: 'caps_over',
    title: 'Users at a cap now',
    period: { since: scope.since, until: scope.until, tz: scope.tz },
    sections: [
      {
        id: 'over',
        title: 'Users at a cap now',
        columns: [
          dataColumn('key', 'key', 'text'),
          dataColumn('rule', 'rule', 'text'),
          dataColumn('kind', 'kind', 'text'),
          dataColumn('severity', 'severity', 'status'),
          dataColumn('dimension', 'dimension', 'text'),
          { ...column('value', 'user', 'text'), dimension: true },
          column('cap_key', 'in', 'text'),
          column('measured', 'used', 'usd'),
          column('bound', 'cap', 'usd'),
          column('calls', 'calls', 'count', 1),
          dataColumn('since', 'since', 'time'),
          column('until', 'until', 'time'),
          dataColumn('text', 'text', 'text'),
          dataColumn('details', 'details', 'json'),
        ],
        rows: users.map(rowOf),
        shownRows: users.map((one) => ({ ...rowOf(one), cap_key: capPlaces[one.details.cap_key] })),
        empty: nothing ? emptyText(doubts) : 'nobody is at a cap',
        notes:
          users.length === 0
            ? []
            : [
                `${counted(people, 'user', 'users')}; used: what the log holds of the running hour, day or month`,
              ],
      },
    ],
    warnings: [...warningsOf(doubts), ...userWarnings(measured)],
    footer: footerOf(doubts.history),
  }
}

const rowOf = (one: UserOver): Row => ({ ...one, cap_key: one.details.cap_key })

/** Before a user's id, in the name of a key. */
const redisPrefix = 'llmcost:over:'

/**
 * A SET with EXAT for each user, in the protocol that `redis-cli --pipe` sends on (RESP,
 * https://redis.io/docs/latest/develop/reference/protocol-spec): every word with its length in bytes, so that no id
 * can be taken for a command. The value is JSON; the key expires with the last of the user's spans.
 */
export function redisCommands(users: readonly UserOver[]): string {
  const byUser = new Map<string, UserOver[]>()
  for (const one of users) byUser.set(one.value, [...(byUser.get(one.value) ?? []), one])
  return [...byUser]
    .map(([user, caps]) => {
      const until = caps.map((one) => one.until).reduce((a, b) => (a > b ? a : b))
      const value = JSON.stringify({
        user_id: user,
        until,
        caps: caps.map(({ key, measured, bound, since, until: end, text, details }) => ({
          key,
          cap_key: details.cap_key,
          measured,
          bound,
          since,
          until: end,
          text,
        })),
      })
      return respOf(['SET', redisPrefix + user, value, 'EXAT', String(Date.parse(until) / 1000)])
    })
    .join('')
}

const respOf = (words: readonly string[]): string =>
  [`*${words.length}\r\n`, ...words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`)].join('')
