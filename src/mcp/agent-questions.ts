/** The tools of `llmcost mcp`: each is a command that only reads, with those of its options that an agent needs. */
import { moneyBases } from '../domain/costs/basis.js'
import { z } from 'zod'

/** What an agent may say to a tool, by name. */
export type Given = Readonly<Record<string, unknown>>

export interface Tool {
  readonly name: string
  readonly title: string
  readonly about: string
  readonly input: z.ZodObject
  /** Words after the command's name; a value never stands alone, so that none is taken for an option. */
  readonly args: (given: Given) => readonly string[]
}

const word = z.string().min(1).max(200)
const time = word.describe(
  'a date or time (2026-09-01, 2026-09-01T08:00:00Z), a span before as_of (14d, 36h), or yesterday, last-week, mtd',
)

const window = {
  since: time.optional().describe('begin of the window'),
  until: time.optional().describe('end of the window, which lies outside of it'),
  as_of: word
    .optional()
    .describe("the moment that spans count back from; 'latest' is just after the newest call"),
  tz: word.optional().describe('time zone, such as Europe/Berlin; UTC if nothing is said'),
  where: z
    .array(word)
    .max(10)
    .optional()
    .describe('only such calls: feature=chat, user!=u1, model~gpt-4, tag.x=y'),
}

const windowArgs = (given: Given): readonly string[] => [
  ...['since', 'until', 'as_of', 'tz'].flatMap((name) => option(name.replace('_', '-'), given[name])),
  ...(Array.isArray(given['where']) ? given['where'] : []).flatMap((one) => option('where', one)),
]

const option = (name: string, value: unknown): readonly string[] =>
  typeof value === 'string' ? [`--${name}=${value}`] : []

const by = word.describe('feature, model, user, customer, team, day, hour, tag.x …; several by commas')

const limit = z
  .number()
  .int()
  .min(1)
  .max(500)
  .optional()
  .describe('most rows of a table; 50 if nothing is said')

const tool = (
  name: string,
  title: string,
  about: string,
  shape: z.ZodRawShape,
  args: (given: Given) => readonly string[] = () => [],
): Tool => ({
  name,
  title,
  about,
  input: z.object({ ...window, ...shape, limit }),
  args: (given) => [name, ...windowArgs(given), ...args(given)],
})

/** Of questions that can count other money than the usual one. */
const basis = {
  cost: z
    .enum(moneyBases)
    .optional()
    .describe(
      'what counts as money: list prices, what logs report, what contracts of the config say, or what bills say; list, else reported, if nothing is said',
    ),
}

const basisArgs = (given: Given): readonly string[] => option('cost', given['cost'])

export const tools: readonly Tool[] = [
  tool(
    'report',
    'Weekly report',
    'What the last 7 complete days cost against the 7 before, with what moved, incidents, forecast, features, models, users, efficiency, latency, errors and caching. Begin here.',
    {
      ...basis,
      sections: word
        .optional()
        .describe(
          'only these, by commas: summary, features, models, users, anomalies, forecast, efficiency, latency, errors, cache, savings',
        ),
    },
    (given) => [...basisArgs(given), ...option('sections', given['sections'])],
  ),
  tool(
    'breakdown',
    'Cost by feature, model, user …',
    'Calls, tokens and cost by one or more dimensions, the dearest first, with the total of all groups in totals.',
    {
      ...basis,
      by: by.optional(),
      columns: word
        .optional()
        .describe(
          'figures by commas: calls, cost_usd, p95_cost_usd, error_rate, truncation_rate, cache_hit_rate …',
        ),
    },
    (given) => [...basisArgs(given), ...option('by', given['by']), ...option('columns', given['columns'])],
  ),
  {
    name: 'explain',
    title: 'The price of one call',
    about: 'How the cost of one call came about: each kind of token, its price, where that price is from.',
    input: z.object({ call_id: word.describe('id of the call, as other answers show it') }),
    args: ({ call_id: id }) => ['explain', '--', typeof id === 'string' ? id : ''],
  },
  tool(
    'anomalies',
    'Unusual cost',
    'Incidents of unusual cost: when, whose, how much beyond the usual, and what explains it.',
    { ...basis, sensitivity: z.enum(['low', 'normal', 'high']).optional() },
    (given) => [...basisArgs(given), ...option('sensitivity', given['sensitivity'])],
  ),
  tool(
    'budget',
    'Budgets',
    'What of each budget is used, and where its period will end.',
    {
      ...basis,
      budget: word
        .optional()
        .describe('a budget that the config file does not name: 500, or daily:20 feature=chat'),
    },
    (given) => [...basisArgs(given), ...option('budget', given['budget'])],
  ),
  tool(
    'forecast',
    'Forecast',
    'What the running month will cost, with the interval that it will lie in.',
    {
      ...basis,
      by: by.optional(),
    },
    (given) => [...basisArgs(given), ...option('by', given['by'])],
  ),
  {
    name: 'plans',
    title: 'Subscriptions',
    about:
      'By month: what the usage that subscriptions cover is worth at list price (a value that nobody was billed for), their fee, what would be billed beyond, and whether another plan, or none, would have been cheaper. What coding agents cost is such a value wherever a plan covers it.',
    input: z.object({
      months: z
        .number()
        .int()
        .min(1)
        .max(36)
        .optional()
        .describe('complete months before the running one; 3 if nothing is said'),
      as_of: window.as_of,
      tz: window.tz,
      limit,
    }),
    args: ({ months, ...given }) => [
      'plans',
      ...windowArgs(given),
      ...(typeof months === 'number' ? [`--months=${months}`] : []),
    ],
  },
  tool(
    'optimize',
    'What to change',
    'Changes that would have saved money on the logged calls, with the saving a month, its confidence and what it rests on.',
    {},
  ),
]
