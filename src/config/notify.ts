/** `notify` of the config file: channels by the user's own names, with the variables that hold their secrets. */
import {
  channelKeys,
  channelKindNames,
  channelKinds,
  type ChannelConfig,
  type ChannelKey,
  type ChannelKind,
} from '../domain/rules/channels.js'
import { severities } from '../domain/rules/severity.js'
import { parseAddress } from '../domain/words/addresses.js'
import { durationOf, durationPattern } from '../domain/time/duration.js'
import {
  below,
  choice,
  entriesOf,
  group,
  list,
  located,
  misfit,
  mistake,
  propertiesOf,
  text,
  type Keys,
  type Place,
  type Shape,
} from './shapes.js'
import type { Tree } from './tree.js'

const words = 'a channel, such as kind: slack with url_env: SLACK_WEBHOOK_URL'
const variablePattern = '^[A-Za-z_][A-Za-z0-9_]*$'

/** A name; what stands there in its place may be the secret itself, and is not shown. */
function variable(example: string): Shape<string> {
  const said = `the name of an environment variable, such as ${example}`
  return {
    words: said,
    schema: { type: 'string', pattern: variablePattern },
    read: (tree, place) => {
      if (tree.kind === 'text' && new RegExp(variablePattern).test(tree.text)) return tree.text
      throw mistake(
        tree,
        place,
        `${place.key} must be ${said}`,
        'Secrets stand in the environment, not in this file.',
      )
    },
  }
}

const address = text('a mail address, such as team@example.org', {
  check: (given, place) => {
    parseAddress(given, place.key)
    return given
  },
})

/** `4h`; null for never. */
const reminderWords = 'a length of time, such as 4h, or never'
const reminder: Shape<number | null> = {
  words: reminderWords,
  schema: { type: 'string', pattern: `${durationPattern}|^never$` },
  read: (tree, place) => {
    if (tree.kind !== 'text') throw misfit(tree, place, reminderWords)
    if (tree.text === 'never') return null
    return located(tree, place, () => durationOf(tree.text, place.key))
  },
}

const reminders = channelKindNames
  .map((kind) => [kind, channelKinds[kind].remind ?? 'never'] as const)
  .map(([kind, often]) => `${kind} ${often}`)
  .join(', ')

const keys = {
  kind: {
    about: `What it is: ${channelKindNames.join(', ')}.`,
    shape: choice(channelKindNames),
    example: 'slack',
  },
  severity: {
    about: 'The least severity that is told here: info, warning or critical.',
    shape: choice(severities),
    example: 'warning',
    otherwise: 'info',
  },
  remind_every: {
    about: 'How often an alert that lasts is told again.',
    shape: reminder,
    example: '4h',
    otherwise: reminders,
  },
  url_env: {
    about: 'Environment variable that holds the URL.',
    shape: variable('SLACK_WEBHOOK_URL'),
    example: 'SLACK_WEBHOOK_URL',
  },
  key_env: {
    about: 'Environment variable that holds the integration key of PagerDuty.',
    shape: variable('PAGERDUTY_ROUTING_KEY'),
    example: 'PAGERDUTY_ROUTING_KEY',
  },
  secret_env: {
    about: 'Environment variable that holds the secret with which a webhook is signed.',
    shape: variable('ALERT_WEBHOOK_SECRET'),
    example: 'ALERT_WEBHOOK_SECRET',
  },
  smtp_env: {
    about: 'Environment variable that holds the mail server, such as smtp://mail.example.org:587.',
    shape: variable('LLMCOST_SMTP'),
    example: 'LLMCOST_SMTP',
    otherwise: 'LLMCOST_SMTP',
  },
  to: {
    about: 'Addresses that mails go to.',
    shape: list('an address or a list of addresses', address, { alone: true }),
    example: ['team@example.org'],
  },
  from: { about: 'Address that mails come from.', shape: address, example: 'llmcost@example.org' },
} satisfies Keys

const one = group(words, keys)

function read(tree: Tree, place: Place): Omit<ChannelConfig, 'name'> {
  const values = one.read(tree, place)
  const { kind } = values
  if (kind === undefined)
    throw mistake(tree, place, `${place.key} has no kind`, `Known: ${channelKindNames.join(', ')}.`)
  assertKeys(tree, place, kind)
  const { remind } = channelKinds[kind]
  const standard = remind === null ? null : durationOf(remind, kind)
  return {
    kind,
    severity: values.severity ?? 'info',
    remindMs: values.remind_every === undefined ? standard : values.remind_every,
    to: values.to ?? [],
    ...(values.url_env === undefined ? {} : { urlEnv: values.url_env }),
    ...(values.key_env === undefined ? {} : { keyEnv: values.key_env }),
    ...(values.secret_env === undefined ? {} : { secretEnv: values.secret_env }),
    ...(values.smtp_env === undefined ? {} : { smtpEnv: values.smtp_env }),
    ...(values.from === undefined ? {} : { from: values.from }),
  }
}

/** A kind has keys that it needs, and others that would do nothing. */
function assertKeys(tree: Tree, place: Place, kind: ChannelKind): void {
  const { needs, may }: { needs: readonly ChannelKey[]; may: readonly ChannelKey[] } = channelKinds[kind]
  const entries = entriesOf(tree, place, words)
  for (const name of needs) {
    const given = entries.find(({ key }) => key === name)
    if (given === undefined)
      throw mistake(tree, place, `${place.key} has no ${name}`, `${kind} needs ${needs.join(' and ')}.`)
    const empty = given.value.kind === 'list' && given.value.items.length === 0
    if (empty || given.value.kind === 'nothing')
      throw mistake(given, place, `${below(place, name).key} is empty`)
  }
  const useless = entries.find(({ key }) => isSpecial(key) && ![...needs, ...may].includes(key))
  if (useless === undefined) return
  const known = [...needs, ...may].join(', ')
  throw mistake(useless, place, `${below(place, useless.key).key} is not for ${kind}`, `It takes ${known}.`)
}

const isSpecial = (key: string): key is ChannelKey => (channelKeys as readonly string[]).includes(key)

const schema = {
  type: 'object',
  oneOf: channelKindNames.map((kind) => {
    const { needs, may, about } = channelKinds[kind]
    const used = ['severity', 'remind_every', ...needs, ...may]
    const chosen = Object.fromEntries(Object.entries(keys).filter(([name]) => used.includes(name)))
    return {
      title: about,
      properties: { kind: { const: kind }, ...propertiesOf(chosen) },
      required: ['kind', ...needs],
      additionalProperties: false,
    }
  }),
}

const channelShape: Shape<Omit<ChannelConfig, 'name'>> = { words, schema, keys, read }

const many = 'a group of channels, each under a name of your own'

/** Channels in the order of the file. */
export const notifyShape: Shape<readonly ChannelConfig[]> = {
  words: many,
  schema: { type: ['object', 'null'], additionalProperties: channelShape.schema },
  keys,
  read: (tree, place) => {
    const channels = entriesOf(tree, place, many).map(({ key, value, line }) => {
      const name = key.trim()
      if (!/^[\w.-]{1,60}$/.test(name))
        throw mistake({ line }, place, `${place.key} has a channel with a name of other signs`, nameHint)
      return { name, ...channelShape.read(value, below(place, name)) }
    })
    return channels
  },
}

const nameHint = 'Letters, digits, dots, dashes and underscores: team-chat.'
