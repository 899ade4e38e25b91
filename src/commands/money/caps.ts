/** `llmcost caps`: users who went over what one user may use, and what caps would do. */
import { parseCapSets } from '../../domain/budgets/cap-sets.js'
import { capNames, mergedCaps, parseCaps } from '../../domain/budgets/user-caps.js'
import { UserError } from '../../errors.js'
import { commandText } from '../command-text.js'
import { questionOptions, type CommandSpec, type Invocation, type OptionSpec } from '../command.js'
import { optionTexts } from '../option-values.js'
import { settingsOf } from '../settings.js'
import { areOver, onTrial, suggested, wentOver } from './caps-asking.js'

const options: readonly OptionSpec[] = [
  {
    flags: '--cap <cap=amount>',
    about: 'such as daily_usd=5 or tier.free.daily_usd=1; over those of the config file',
    repeatable: true,
    group: 'Question',
  },
  { flags: '--replay', about: 'what a limiter with these caps would have refused', group: 'Question' },
  {
    flags: '--reserve',
    about: 'with --replay: as llmcost/guard does, which reserves what a call may cost',
    group: 'Question',
  },
  {
    flags: '--over',
    about: 'who is at a cap now, and until when; exit code 3 when somebody is',
    group: 'Question',
  },
  {
    flags: '--suggest',
    about: 'caps from what users use and pay, each tried on the calls',
    group: 'Question',
  },
  {
    flags: '--revenue-share <percent>',
    about: 'with --suggest: what a user may cost of what he pays (default: 30%)',
    group: 'Question',
  },
  {
    flags: '--cap-set <caps>',
    about: "with --replay: another set beside, such as 'tight: daily_usd=2'",
    repeatable: true,
    group: 'Question',
  },
  {
    flags: '--tiers <file>',
    about: "file of user_id,tier[,monthly_revenue] (else the config file's user_tiers)",
    group: 'Question',
  },
  {
    flags: '-n, --top <n>',
    about: 'how many to list, the most excess first',
    fallback: '20',
    group: 'Question',
  },
  {
    flags: '--fail-on <status>',
    about: 'end with exit code 3 when a user is over a cap',
    choices: ['over'],
    group: 'Question',
  },
  ...questionOptions,
]

export const capsCommand: CommandSpec = {
  name: 'caps',
  summary: 'users who went over their caps, and what caps would refuse',
  details: [
    `Caps: ${capNames.join(', ')}; from --cap, else user_caps of the config file. tier.NAME.CAP and user.NAME.CAP are those of a tier or of one user; none lifts one.`,
    'Clock hours, days and months are those of --tz. Without --since: the last 7 days and today; of --replay and --suggest the last 30 days.',
  ].join('\n'),
  more: 'An hour, day or month counts from its own beginning when any of its calls is in the window. Over is more than the cap.\n--replay goes through the calls as a limiter would have: a call is refused when it is over a cap on requests, or when what was accepted in its hour, day or month is at the cap already; refused calls use nothing. With --reserve a call is refused when what it may cost at most, by its input and its max_tokens, does not fit beside what is spent and what calls under way have reserved. Rows in which a source states what a session used in all are no calls, and are left out.\n--over lists whom a limiter would refuse now: at a cap or above it. --format json names users by the keys of the webhook of check; --format redis writes SET llmcost:over:USER with what was used as JSON, and the end of the hour, day or month as expiry.\n--suggest takes the 99th percentile of the requests, hours, days and months of the users of each tier, and, where a file of tiers knows the revenue, a share of it a month; --format yaml writes the caps as a block of the config file.',
  ownFormats: ['redis', 'yaml'],
  options,
  examples: [
    { command: 'llmcost caps', about: 'by the caps of the config file' },
    { command: 'llmcost caps --cap request_tokens=100000 --since yesterday --fail-on over', about: 'for CI' },
    {
      command: "llmcost caps --replay --cap daily_usd=5 --cap-set 'tight: daily_usd=2'",
      about: 'two sets on trial',
    },
    {
      command: 'llmcost caps --suggest --tiers users.csv --format yaml',
      about: 'caps to begin with',
    },
    {
      command: 'llmcost caps --over --format redis | redis-cli --pipe',
      about: 'for a gateway',
    },
  ],
  run: async (invocation) => {
    const given = parseCaps(optionTexts(invocation, 'cap'))
    const sets = parseCapSets(optionTexts(invocation, 'capSet'))
    const mode = modeOf(invocation)
    if (mode !== 'replay' && sets.length > 0) {
      throw new UserError('--cap-set goes with --replay', {
        code: 'usage',
        hint: 'Give --replay, or one set of caps by --cap.',
      })
    }
    if (mode !== 'replay' && invocation.options['reserve'] === true) {
      throw new UserError('--reserve goes with --replay', {
        code: 'usage',
        hint: 'It says how the calls are gone through: as llmcost/guard would have.',
      })
    }
    if (mode !== 'over' && invocation.ownFormat === 'redis') {
      throw new UserError('--format redis goes with --over', {
        code: 'usage',
        hint: 'It lists who is over a cap now.',
      })
    }
    if (mode !== 'suggest' && (invocation.ownFormat === 'yaml' || invocation.given('revenueShare'))) {
      const flag = invocation.ownFormat === 'yaml' ? '--format yaml' : '--revenue-share'
      throw new UserError(`${flag} goes with --suggest`, { code: 'usage', hint: 'It suggests caps.' })
    }
    const { config } = await settingsOf(invocation)
    const rules = mergedCaps(config.userCaps, given)
    if (mode === 'over') return areOver(invocation, rules)
    if (mode === 'suggest') {
      const again = `${commandText('caps', invocation, options)} --format yaml`
      return suggested(invocation, rules, again)
    }
    return mode === 'replay' ? onTrial(invocation, rules, sets) : wentOver(invocation, rules)
  },
}

const modes = ['replay', 'over', 'suggest'] as const

/** @throws UserError (usage) for two of them */
function modeOf({ options }: Invocation): (typeof modes)[number] | undefined {
  const [mode, second] = modes.filter((name) => options[name] === true)
  if (second === undefined) return mode
  throw new UserError(`--${mode} and --${second} are two questions`, {
    code: 'usage',
    hint: 'Ask one of them.',
  })
}
