/**
 * What Redis does in one step. Each counter is two keys: a hash of what is spent and what is held (nano-dollars), and
 * the reservations of calls under way, ordered by when they end. Whoever comes next takes off what has ended. The clock
 * is that of Redis. Numbers go as text: up to 2^53 they are exact in Lua as in Redis.
 *
 * KEYS: the mark of the store, the mark of the call, then the two keys of each counter.
 */

const shared = /* lua */ `
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local function text(n) return string.format('%.0f', n) end
local function member(id, offer, amount) return id .. ':' .. offer .. ':' .. amount end
local function release(sums, amount)
  if amount ~= '0' then redis.call('HINCRBY', sums, 'held', '-' .. amount) end
end
local function heal(sums, open)
  local over = redis.call('ZRANGEBYSCORE', open, '-inf', text(now))
  for _, one in ipairs(over) do
    release(sums, string.match(one, '%d+$'))
  end
  if #over > 0 then redis.call('ZREMRANGEBYSCORE', open, '-inf', text(now)) end
end
local function mark(fresh)
  local known = redis.call('GET', KEYS[1])
  if known then return known end
  redis.call('SET', KEYS[1], fresh)
  return fresh
end
`

/**
 * ARGV: since, until, how long it lasts, id, a new mark, number of offers, of each offer its amount and whether it is
 * refused (1), then of each counter: which offers it covers (a digit each), limit, level of the downgrade
 * (both may be empty), when it expires.
 * Answers: `stale` and the time; else `ok` or `no`, the time, the mark, the offer, and of each counter spent and held.
 */
export const reserveScript = /* lua */ `${shared}
if now < tonumber(ARGV[1]) or now >= tonumber(ARGV[2]) then return { 'stale', text(now) } end
local ends, id = text(now + tonumber(ARGV[3])), ARGV[4]
local known = mark(ARGV[5])
local offers, at = {}, 7
for i = 1, tonumber(ARGV[6]) do
  offers[i] = { amount = tonumber(ARGV[at]), text = ARGV[at], refused = ARGV[at + 1] == '1' }
  at = at + 2
end
local counters, answer, before = {}, { 'ok', text(now), known, '0' }, nil
for i = 1, (#KEYS - 2) / 2 do
  local one = { sums = KEYS[1 + 2 * i], open = KEYS[2 + 2 * i], covers = ARGV[at], limit = tonumber(ARGV[at + 1]),
    downgrade = tonumber(ARGV[at + 2]), expires = ARGV[at + 3] }
  at = at + 4
  heal(one.sums, one.open)
  local sums = redis.call('HMGET', one.sums, 'spent', 'held')
  local spent, held = sums[1] or '0', sums[2] or '0'
  one.used = tonumber(spent) + tonumber(held)
  counters[i] = one
  answer[#answer + 1] = spent
  answer[#answer + 1] = held
  for n, offer in ipairs(offers) do
    if redis.call('ZSCORE', one.open, member(id, n, offer.text)) then before = n end
  end
end
local function covers(one, n) return string.sub(one.covers, n, n) == '1' end
if before then
  answer[4] = text(before - 1)
  return answer
end
-- The call has ended already: a reservation that comes so late would hold for nobody.
if redis.call('EXISTS', KEYS[2]) == 1 then return answer end
local chosen = 1
if #offers > 1 then
  for _, one in ipairs(counters) do
    if covers(one, 1) and one.downgrade and one.used + offers[1].amount > one.downgrade then chosen = 2 end
  end
end
answer[4] = text(chosen - 1)
local offer = offers[chosen]
local fits = not offer.refused
for _, one in ipairs(counters) do
  if covers(one, chosen) and one.limit and one.used + offer.amount > one.limit then fits = false end
end
if not fits then
  answer[1] = 'no'
  return answer
end
for _, one in ipairs(counters) do
  if covers(one, chosen) then
    redis.call('HINCRBY', one.sums, 'held', offer.text)
    redis.call('ZADD', one.open, ends, member(id, chosen, offer.text))
    redis.call('PEXPIREAT', one.sums, one.expires)
    redis.call('PEXPIREAT', one.open, one.expires)
  end
end
return answer
`

/**
 * ARGV: id, what was reserved, what it cost, a new mark, how long the mark of the call stays, then of each counter when
 * it expires. A call that has its mark was settled before: nothing is done.
 * Answers: the time, and the mark of the store.
 */
export const settleScript = /* lua */ `${shared}
local known = mark(ARGV[4])
if not redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[5]) then return { text(now), known } end
for i = 1, (#KEYS - 2) / 2 do
  local sums, open, expires = KEYS[1 + 2 * i], KEYS[2 + 2 * i], ARGV[5 + i]
  heal(sums, open)
  if redis.call('ZREM', open, member(ARGV[1], 1, ARGV[2]), member(ARGV[1], 2, ARGV[2])) == 1 then
    release(sums, ARGV[2])
  end
  redis.call('HINCRBY', sums, 'spent', ARGV[3])
  redis.call('PEXPIREAT', sums, expires)
end
return { text(now), known }
`
