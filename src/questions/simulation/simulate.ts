/** Asks what the calls in scope would cost under scenarios: the statements, and what each scenario comes to. */
import type { Database } from '../../db/database.js'
import { compare, times, whole, type Fraction } from '../../domain/costs/fraction.js'
import type {
  ScenarioAnswer,
  SimulationAnswer,
  LeverEffect,
  UnknownMove,
} from '../../domain/scenarios/answer.js'
import type { Lever, Move, Scenario } from '../../domain/scenarios/lever.js'
import { onModel } from '../../domain/scenarios/models.js'
import type { Scope } from '../../domain/scope.js'
import { UserError } from '../../errors.js'
import type { Param } from '../../metrics/query.js'
import { leverUsers } from '../../metrics/simulation/lever-users.js'
import { scenarioCosts, type ScenarioCostsRow } from '../../metrics/simulation/scenario-costs.js'
import type { PriceBook } from '../../pricing/book.js'
import {
  resolveTargets,
  type PriceTime,
  type StoredModel,
  type Target,
} from '../../pricing/what-if/targets.js'
import { absentColumns, modelsOf, usedColumns, whatIfQuery } from '../../pricing/what-if/what-if-sql.js'
import { ask } from '../question.js'
import { breakEven, halved, outcomeOf, type Measured } from './outcome.js'

export interface SimulationRequest {
  readonly db: Database
  readonly scope: Scope
  readonly book: PriceBook
  readonly scenarios: readonly Scenario[]
  /** `today`: all costs at the prices of `now`, those of today's row too. */
  readonly prices: 'call' | 'today'
  readonly now: Date
  /** Users of a tier of the file of user tiers. @throws UserError where no file names tiers */
  readonly usersOf: (tier: string, said: string) => readonly string[]
  /** What makes a month of the calls in scope. */
  readonly toMonth: Fraction
  /** The same of the count of calls, where surcharges make it another. */
  readonly toMonthOfCalls?: Fraction
}

const sum = (values: readonly (number | bigint)[]): bigint =>
  values.reduce<bigint>((all, n) => all + BigInt(n), 0n)

/**
 * @throws UserError (usage) for a move to a model without any price; (failure) for new users where no call names
 * a user
 */
export async function simulate(request: SimulationRequest): Promise<SimulationAnswer> {
  const models = await ask<StoredModel>(request.db, { sql: modelsOf('calls'), params: {} })
  const used = await request.db.one<Record<string, number>>(usedColumns('calls'))
  const measuring = new Measuring(request, models, absentColumns(used))
  const now = await measuring.of([])
  const scenarios: ScenarioAnswer[] = []
  for (const scenario of request.scenarios) scenarios.push(await answered(scenario, measuring))
  return {
    today: outcomeOf([], now),
    scenarios,
    calls: sum(now.rows.map(({ calls }) => calls)),
    unpricedCalls: sum(now.rows.map(({ unpriced_calls: calls }) => calls)),
    reportedCalls: sum(now.rows.map(({ reported_calls: calls }) => calls)),
  }
}

async function answered(scenario: Scenario, measuring: Measuring): Promise<ScenarioAnswer> {
  const { levers } = scenario
  const measured = await measuring.of(levers)
  const { rows } = measured
  const effects: LeverEffect[] = []
  for (const [i, lever] of levers.entries()) {
    const only = await measuring.of([lever])
    const softer = levers.map((one, j) => (i === j ? halved(one, rows, j) : one))
    const touched = rows.filter((row) => row[`f${i}`] && row[`m${i}`])
    effects.push({
      lever,
      alone: outcomeOf([lever], only).cost,
      atHalf: outcomeOf(softer, await measuring.of(softer)).cost,
      touched:
        lever.kind === 'fixed'
          ? null
          : times(whole(sum(touched.map(({ calls }) => calls))), measured.toMonthOfCalls ?? measured.toMonth),
    })
  }
  return {
    scenario,
    outcome: outcomeOf(levers, measured),
    effects,
    breakEven: breakEven(levers, await measuring.of([]), measured),
    unknown: unknownMoves(levers, measured),
    unchanged: sum(rows.map(({ stay_unknown_calls: calls }) => calls)),
    idle: levers.filter(
      (_, i) => effects[i]!.touched !== null && compare(effects[i]!.touched, whole(0)) === 0,
    ),
    unlogged: levers.filter(
      (lever, i) => lever.kind === 'cache-hit' && !rows.some((row) => row[`f${i}`] && row.knows_hit),
    ),
  }
}

function unknownMoves(levers: readonly Lever[], { rows, targets }: Measured): UnknownMove[] {
  return levers
    .filter((lever): lever is Move => lever.kind === 'move')
    .map(({ said }, i) => ({
      said,
      to: targets[i]!.model,
      calls: sum(rows.map((row) => row.moved_unknown_calls[i] ?? 0)),
      usd: rows.map((row) => row.moved_unknown_usd[i] ?? null),
    }))
    .filter(({ calls }) => calls > 0n)
}

/** Runs the statements, each once. */
class Measuring {
  readonly #done = new Map<string, Promise<Measured>>()

  constructor(
    readonly request: SimulationRequest,
    readonly models: readonly StoredModel[],
    readonly absent: ReadonlySet<string>,
  ) {}

  of(levers: readonly Lever[]): Promise<Measured> {
    // What only the arithmetic afterwards needs makes no other statement.
    const key = JSON.stringify(
      levers.map((lever) => [
        lever.kind,
        lever.filters,
        lever.kind === 'move' ? [lever.from, lever.to, lever.tier] : '',
        lever.kind === 'price-change' ? lever.model : '',
        lever.kind === 'new-users' ? lever.tier : '',
        lever.kind.endsWith('-tokens') && 'factor' in lever
          ? [String(lever.factor.n), String(lever.factor.d)]
          : '',
      ]),
    )
    const known = this.#done.get(key)
    if (known !== undefined) return known
    const asked = this.#measure(levers)
    this.#done.set(key, asked)
    return asked
  }

  async #measure(levers: readonly Lever[]): Promise<Measured> {
    const { db, scope, book, toMonth, toMonthOfCalls, prices, now } = this.request
    const moves = levers.filter((lever) => lever.kind === 'move')
    const targets: Target[] = [{ provider: null, model: null, tier: null }]
    for (const move of moves) targets.push(await this.#target(move))
    const time: PriceTime = prices === 'today' ? now : 'call'
    const { params } = resolveTargets(book, targets, time, this.models)
    const tiers = this.#tiers(levers)
    const query = scenarioCosts({
      scope,
      levers,
      users: tiers,
      repriced: prices === 'today',
      whatIf: (calls, keep, on) => whatIfQuery(calls, keep, on, this.absent),
      params: { ...params },
    })
    const rows: readonly ScenarioCostsRow[] = await ask(db, query)
    return {
      rows,
      targets: targets.slice(1).map(({ provider, model }) => ({ provider, model: model ?? '' })),
      users: await this.#users(levers, tiers),
      toMonth,
      toMonthOfCalls,
    }
  }

  #tiers(levers: readonly Lever[]): ReadonlyMap<number, readonly string[]> {
    return new Map(
      levers.flatMap((lever, i) =>
        lever.kind === 'new-users' && lever.tier !== null
          ? [[i, this.request.usersOf(lever.tier, lever.said)] as const]
          : [],
      ),
    )
  }

  async #users(
    levers: readonly Lever[],
    tiers: ReadonlyMap<number, readonly string[]>,
  ): Promise<ReadonlyMap<number, bigint>> {
    const places = levers.flatMap(({ kind }, i) => (kind === 'new-users' ? [i] : []))
    if (places.length === 0) return new Map()
    const asked = places.map((i) => ({ filters: levers[i]!.filters, users: tiers.get(i) ?? null }))
    const [row] = await ask(this.request.db, leverUsers(this.request.scope, asked))
    const users = new Map(places.map((place, i) => [place, BigInt(row?.users[i] ?? 0)]))
    for (const [place, count] of users)
      if (count === 0n)
        throw new UserError(`${levers[place]!.said}: no call in this window names such a user`, {
          hint: 'What new users cost is measured by those of today: log user_id, or choose others.',
        })
    return users
  }

  /** A model sold by the provider that the calls are with is meant there, else where its name tells. */
  async #target({ from, to, tier, said }: Move): Promise<Target> {
    const { db, book } = this.request
    const sql = `SELECT DISTINCT provider FROM calls WHERE ${onModel(from, 'calls', 'pattern')} AND provider IS NOT NULL`
    const params: Record<string, Param> = sql.includes('$pattern') ? { pattern: from } : {}
    const providers = await ask<{ provider: string }>(db, { sql, params })
    const own = providers.length === 1 ? providers[0]!.provider : null
    const slash = to.indexOf('/')
    const given = slash < 0 ? null : { provider: to.slice(0, slash), model: to.slice(slash + 1) }
    const options = [
      ...(own === null ? [] : [{ provider: own, model: to }]),
      { provider: null, model: to },
      ...(given === null ? [] : [given]),
    ]
    for (const option of options) {
      const { provider, rates } = book.resolve(option.provider, option.model)
      if (rates.length === 0) continue
      // Standard prices in the place of the tier's would look like an answer.
      const isKnown = rates.some(
        ({ mode, lacks }) => mode === tier && !(lacks ?? '').includes(`service_tier=${tier}`),
      )
      if (tier === null || tier === 'standard' || isKnown) return { provider, model: option.model, tier }
      throw new UserError(`${said}: no ${tier} price is known for ${to}`, {
        code: 'usage',
        hint: 'Leave to_tier out, or give a price of your own in a file of prices.',
      })
    }
    const near = book.closest(to, 3)
    throw new UserError(`${said}: no price is known for ${to}`, {
      code: 'usage',
      hint:
        near.length > 0
          ? `Close names: ${near.join(', ')}. A price of your own: llmcost help prices.`
          : 'List the known names with llmcost prices; a price of your own can be given in a file of prices.',
    })
  }
}
