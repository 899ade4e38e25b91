/** The options of `llmcost anomalies`, read and checked. */
import { usdAmount } from '../../domain/costs/amount.js'
import { defaultWarnAt, type Budget } from '../../domain/budgets/budget.js'
import { closestNames } from '../../domain/words/names.js'
import { parseDimensions, type Dimension } from '../../domain/dimensions.js'
import type { Materiality } from '../../domain/materiality.js'
import { hourMs, instantOf, localAt } from '../../domain/time/zones.js'
import { UserError } from '../../errors.js'
import { anomalyKinds, type AnomalyKind } from '../../metrics/anomalies/flags.js'
import type { Series } from '../../questions/anomalies/baseline.js'
import { dimensionsBy } from '../grouping.js'
import type { OptionSpec, Invocation } from '../command.js'
import { optionText } from '../option-values.js'

/** Times as sensitive: the bounds of noise are divided by it. */
const sensitivities: Readonly<Record<string, number>> = { low: 2 / 3, normal: 1, high: 1.5 }

/** How an hour is told to be abnormal. */
export const methods = ['likelihood', 'robust', 'zscore'] as const
export type Method = (typeof methods)[number]

/** Series a day's hours of which are judged by themselves are of a dimension that calls have all day long. */
export const anomalyOptionSpecs: readonly OptionSpec[] = [
  {
    flags: '--by <dimensions>',
    about: 'series beside all calls, with commas, or none',
    fallback: 'feature,user',
    group: 'Question',
  },
  {
    flags: '--history <days>',
    about: 'complete days that a day is judged by, such as 28d',
    fallback: '28d',
    group: 'Question',
  },
  {
    flags: '--sensitivity <level>',
    about:
      'low, normal, high, or a factor: 2 halves the bounds of noise, 0.5 doubles them (default: anomaly_sensitivity of bounds in the config file, 1)',
    group: 'Question',
  },
  {
    flags: '--kinds <kinds>',
    about: `of ${anomalyKinds.join(', ')}`,
    fallback: 'spike,sustained,drift',
    group: 'Question',
  },
  {
    flags: '--min-usd <usd>',
    about:
      'smallest excess worth telling (default: anomaly_min_usd of bounds, 0.1), and smallest day of a user beyond his usual (user_day_usd, 5)',
    group: 'Question',
  },
  {
    flags: '--min-share <share>',
    about:
      "smallest excess of an hour worth telling, in parts of all calls' usual day: 1% (default: anomaly_min_share of bounds in the config file, 2%)",
    group: 'Question',
  },
  {
    flags: '--all',
    about: 'also the smaller incidents of a week, beyond the three most unusual',
    group: 'Question',
  },
  { flags: '-n, --top <n>', about: 'only the n incidents with the largest excess', group: 'Question' },
  {
    flags: '--budget <usd>',
    about: "a month's budget: who spends 1% of a day's in one hour?",
    group: 'Question',
  },
  {
    flags: '--method <method>',
    about: 'what an hour is judged by',
    choices: [...methods],
    fallback: 'likelihood',
    group: 'Question',
  },
  {
    flags: '--explain <hour>',
    about: 'show how one hour is judged: 2026-09-22T10:00, in --tz',
    group: 'Question',
  },
  {
    flags: '--series <filter>',
    about: 'with --explain: the series, such as user=ada (default: all calls)',
    group: 'Question',
  },
  {
    flags: '--fail-on <what>',
    about: 'exit 3 when there is an incident; finding: or anything else to look at',
    choices: ['incident', 'finding'],
    group: 'Question',
  },
]

export async function seriesDimensions(invocation: Invocation): Promise<readonly Dimension[]> {
  const by = await dimensionsBy(invocation, 'feature,user')
  const time = by.find(({ kind }) => kind === 'time')
  if (time === undefined) return by
  throw new UserError(`--by ${time.key} is a time: series are members of a dimension, hour by hour`, {
    code: 'usage',
    hint: 'For example --by feature,user,model.',
  })
}

export function historyDays(invocation: Invocation): number {
  const text = optionText(invocation, 'history') ?? '28d'
  const match = /^(\d{1,3})\s*([dw]?)$/.exec(text.trim().toLowerCase())
  const days = match === null ? 0 : Number(match[1]) * (match[2] === 'w' ? 7 : 1)
  if (days >= 1 && days <= 366) return days
  throw new UserError(`--history ${text} is not a number of days from 1 to 366`, {
    code: 'usage',
    hint: 'For example --history 28d or --history 4w.',
  })
}

/** What the options say of what matters; the config file says the rest. */
export function materialityOption(invocation: Invocation): Partial<Materiality> {
  const [minShare, minUsd, scale] = [minShareOption, minUsdOption, noiseScale].map((read) => read(invocation))
  return {
    ...(minShare === undefined ? {} : { minShare }),
    ...(minUsd === undefined ? {} : { minUsd }),
    ...(scale === undefined ? {} : { noiseScale: scale }),
  }
}

/** What the bounds of noise are multiplied by. */
function noiseScale(invocation: Invocation): number | undefined {
  const text = optionText(invocation, 'sensitivity')?.trim().toLowerCase()
  if (text === undefined) return undefined
  const factor = Object.hasOwn(sensitivities, text)
    ? sensitivities[text]
    : /^\d+(\.\d+)?$/.test(text)
      ? Number(text)
      : 0
  if (factor !== undefined && factor >= 0.01 && factor <= 100) return 1 / factor
  throw new UserError(`--sensitivity ${text} is not low, normal, high or a factor from 0.01 to 100`, {
    code: 'usage',
    hint: 'high is 1.5, low is 0.67; --sensitivity 2 takes half the noise for abnormal.',
  })
}

export function kindsOption(invocation: Invocation): readonly AnomalyKind[] {
  const text = optionText(invocation, 'kinds') ?? 'spike,sustained,drift'
  const names = [...new Set(text.split(',').map((name) => name.trim().toLowerCase()))]
  return names.map((name) => {
    const kind = anomalyKinds.find((known) => known === name)
    if (kind !== undefined) return kind
    throw new UserError(`--kinds ${name === '' ? text : name} is not a kind of anomaly`, {
      code: 'usage',
      hint: `Kinds: ${anomalyKinds.join(', ')}; the closest: ${closestNames(name, anomalyKinds, 1).join()}.`,
    })
  })
}

export const methodOption = (invocation: Invocation): Method =>
  methods.find((method) => method === optionText(invocation, 'method')) ?? 'likelihood'

function minUsdOption(invocation: Invocation): number | undefined {
  const text = optionText(invocation, 'minUsd')
  if (text === undefined) return undefined
  const amount = /^\$?0+(\.0*)?$/.test(text) ? '0' : usdAmount(text)
  if (amount !== undefined) return Number(amount)
  throw new UserError(`--min-usd ${text} is not an amount`, { code: 'usage', hint: 'USD: --min-usd 5.' })
}

/** A share from 0 to 1, as `2%` or `0.02`. */
function minShareOption(invocation: Invocation): number | undefined {
  const text = optionText(invocation, 'minShare')?.trim()
  if (text === undefined) return undefined
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text)
  const share = match === null ? Number.NaN : Number(match[1]) / (match[2] === '%' ? 100 : 1)
  if (share >= 0 && share <= 1) return share
  throw new UserError(`--min-share ${text} is not a share from 0 to 100%`, {
    code: 'usage',
    hint: 'For example --min-share 2% or --min-share 0; --min-usd is the least in dollars.',
  })
}

/** `--budget`, or those of the config file. */
export function budgetsOption(invocation: Invocation, configured: readonly Budget[]): readonly Budget[] {
  const text = optionText(invocation, 'budget')
  if (text === undefined) return configured
  const amount = usdAmount(text)
  if (amount === undefined) {
    throw new UserError(`--budget ${text} is not an amount above 0`, {
      code: 'usage',
      hint: 'USD a month: --budget 500.',
    })
  }
  return [{ name: 'monthly', period: 'monthly', usd: amount, filters: [], warnAt: defaultWarnAt }]
}

const hourForm = /^(\d{4}-\d{2}-\d{2})[t ](\d{2})(?::?\d{2}(?::\d{2}(?:\.\d+)?)?)?\s*(z|[+-]\d{2}:?\d{2})?$/i

/** The local hour of `2026-09-22T10`, `2026-09-22 10:30` (in `tz`) or a time with an offset. */
export function explainHour(text: string, tz: string): number {
  const match = hourForm.exec(text.trim())
  const local = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}:00:00Z`)
  const real = !Number.isNaN(local) && new Date(local).toISOString().slice(0, 10) === match?.[1]
  if (!real) {
    throw new UserError(`--explain ${text} is not an hour`, {
      code: 'usage',
      hint: 'For example --explain 2026-09-22T10:00 (in --tz) or 2026-09-22T10:00Z.',
    })
  }
  const zone = match?.[3]
  if (zone === undefined) return Math.floor(localAt(instantOf(local, tz), tz) / hourMs)
  const iso = text
    .trim()
    .replace(' ', 'T')
    .replace(/^(.{13})(?=z|[+-]|$)/i, '$1:00')
  const instant = Date.parse(iso)
  if (!Number.isNaN(instant)) return Math.floor(localAt(instant, tz) / hourMs)
  throw new UserError(`--explain ${text} is not an hour`, {
    code: 'usage',
    hint: 'For example 2026-09-22T10:00Z.',
  })
}

/** `user=ada` as a series; all calls when absent. */
export function seriesOption(text: string | undefined): Series {
  if (text === undefined) return { dimension: null, value: '' }
  const cut = text.indexOf('=')
  const [dimension] = parseDimensions(cut < 1 ? 'none' : text.slice(0, cut))
  const value = text.slice(cut + 1)
  if (dimension !== undefined && dimension.kind !== 'time' && value !== '') return { dimension, value }
  throw new UserError(`--series ${text} is not dimension=value`, {
    code: 'usage',
    hint: 'For example --series user=ada or --series feature=search.',
  })
}
