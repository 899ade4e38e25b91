/** Channels that alerts go to, as the config file names them. Secrets are never here: only the variables that hold them. */

import type { Severity } from './severity.js'

export const channelKeys = ['url_env', 'key_env', 'secret_env', 'smtp_env', 'to', 'from'] as const
export type ChannelKey = (typeof channelKeys)[number]

interface ChannelKindAbout {
  readonly about: string
  readonly needs: readonly ChannelKey[]
  readonly may: readonly ChannelKey[]
  /** How often a message is repeated while its alert lasts; null: never. */
  readonly remind: string | null
}

/** What can be told, and what each needs. */
export const channelKinds = {
  slack: { about: 'a Slack incoming webhook', needs: ['url_env'], may: [], remind: '4h' },
  teams: { about: 'a Teams workflow webhook', needs: ['url_env'], may: [], remind: '4h' },
  pagerduty: { about: 'PagerDuty Events v2', needs: ['key_env'], may: ['url_env'], remind: null },
  webhook: { about: 'signed JSON to any URL', needs: ['url_env', 'secret_env'], may: [], remind: '4h' },
  mail: { about: 'a mail by SMTP', needs: ['to'], may: ['from', 'smtp_env'], remind: '24h' },
} as const satisfies Readonly<Record<string, ChannelKindAbout>>

export type ChannelKind = keyof typeof channelKinds
export const channelKindNames = Object.keys(channelKinds) as readonly ChannelKind[]

export interface ChannelConfig {
  /** The user's own name for it. */
  readonly name: string
  readonly kind: ChannelKind
  /** What is less is not told here. */
  readonly severity: Severity
  /** ms between two messages of an alert that lasts; null: it is told once. */
  readonly remindMs: number | null
  /** Names of environment variables. */
  readonly urlEnv?: string
  readonly keyEnv?: string
  readonly secretEnv?: string
  readonly smtpEnv?: string
  /** Addresses. */
  readonly to: readonly string[]
  readonly from?: string
}
