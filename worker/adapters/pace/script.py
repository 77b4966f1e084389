"""The sums of local.py as a Redis script, so that all processes do them on the same figures, one after the other.

KEYS: the gauges. ARGV: "take" or "tell", the time ("" for Redis's own), then per gauge its figures. A gauge is stored
as JSON under `deskhand:pace:...` and forgotten an hour after it was last used.
"""

from __future__ import annotations

from worker.adapters.pace.words import (
    FIRST_PAUSE,
    FIRST_PROBE,
    LONG_ENOUGH,
    LONGEST_PAUSE,
    LONGEST_PROBE,
    LONGEST_QUEUE,
    RISE,
    WINDOW,
    WORK,
)

_SCRIPT = """
local now = tonumber(ARGV[2])
if not now then
  local t = redis.call('TIME')
  now = tonumber(t[1]) + tonumber(t[2]) / 1000000
end
local minute = math.floor(now / 60)

local function load(key)
  local stored = redis.call('GET', key)
  local g = stored and cjson.decode(stored) or
    {limit=0, left=0, at=0, rate=0, ends=0, told=0, number=0,
     shut=0, strikes=0, probes=0, queued=0, minute=0, flying=0, before=0}
  for _, name in ipairs({'since', 'mine', 'theirs', 'others'}) do g[name] = g[name] or 0 end
  if minute ~= g.minute then
    g.before = (minute == g.minute + 1) and g.flying or 0
    g.minute, g.flying = minute, 0
  end
  return g
end

local function save(key, g)
  local keep = math.ceil(math.max(3600, g.shut - now + 60))
  redis.call('SET', key, cjson.encode(g), 'EX', keep)
end

local function now_left(g)
  return math.min(g.limit, g.left + g.rate * (now - g.at))
end

local function wait(g, cost, keep)
  if g.shut > now then return g.shut - now end
  if cost == 0 or g.limit == 0 or keep < 0 then return 0 end
  local most = g.limit * (1 - keep)
  local theirs = g.others * math.max(0, g.ends - now)
  local room = now_left(g) - g.flying - g.before - theirs - g.limit * keep
  local lacking = math.min(cost, most) - room
  if lacking <= 0 then return 0 end
  if g.rate > 0 then return (lacking + math.min(g.queued * cost, LONGEST_QUEUE * g.limit)) / g.rate end
  if now >= g.ends then
    g.ends = now + math.min(LONGEST_PROBE, FIRST_PROBE * 2 ^ math.min(g.probes, 9))
    g.probes = g.probes + 1
    return 0
  end
  return g.ends - now + WINDOW * math.min(math.floor(g.queued * WORK / most), LONGEST_QUEUE)
end

local function take()
  local gauges, waits, longest, known = {}, {}, 0, 1
  for i, key in ipairs(KEYS) do
    local cost, keep = tonumber(ARGV[2 * i + 1]), tonumber(ARGV[2 * i + 2])
    gauges[i] = load(key)
    if cost > 0 and gauges[i].limit == 0 then known = 0 end
    waits[i] = wait(gauges[i], cost, keep)
    longest = math.max(longest, waits[i])
  end
  for i, key in ipairs(KEYS) do
    local g = gauges[i]
    if longest > 0 then
      if waits[i] > 0 then g.queued = g.queued + 1 end
    else
      g.number = g.number + 1
      g.flying = g.flying + tonumber(ARGV[2 * i + 1])
      g.queued = math.max(0, g.queued - 1)
    end
    save(key, g)
  end
  return {tostring(longest), gauges[1].number, minute, known}
end

local function begin_anew(g)
  local watched = math.min(g.at - g.since, WINDOW)
  if watched >= LONG_ENOUGH then
    g.others = g.others + watched / WINDOW * (g.theirs / watched - g.others)
  end
  g.since, g.mine, g.theirs = now, 0, 0
end

local function watch_others(g, refill)
  if refill > 0 then return end
  g.theirs = math.max(g.theirs, g.limit - g.left - g.mine - g.flying - g.before)
end

local function believe(g, limit, left, refill, number)
  if number < g.told then
    g.left, g.at = math.min(now_left(g), left), now
    return
  end
  local renewed = left > now_left(g) + g.flying + g.before + limit * RISE
  if g.limit == 0 then g.since, g.mine = now, limit - left
  elseif renewed then begin_anew(g) end
  if renewed or now >= g.ends then
    g.ends, g.queued, g.probes = now + WINDOW, 0, 0
  end
  g.rate = refill > 0 and (limit - left) / refill or 0
  g.limit, g.left, g.at, g.told = limit, left, now, number
end

local function tell()
  local number, taken, shut = tonumber(ARGV[3]), tonumber(ARGV[4]), 0
  for i, key in ipairs(KEYS) do
    local a = 5 + (i - 1) * 6
    local cost, limit, left = tonumber(ARGV[a]), tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2])
    local refill, refused, after = tonumber(ARGV[a + 3]), ARGV[a + 4] == '1', tonumber(ARGV[a + 5])
    local g = load(key)
    if taken == g.minute then g.flying = math.max(0, g.flying - cost)
    elseif taken == g.minute - 1 then g.before = math.max(0, g.before - cost) end
    g.mine = g.mine + cost
    if limit and limit > 0 and left then
      believe(g, limit, left, refill, number)
      watch_others(g, refill)
    elseif g.limit > 0 then g.left, g.at = math.max(0, now_left(g) - cost), now end
    if refused then
      g.strikes = g.strikes + 1
      local pause = math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ^ (math.min(g.strikes, 9) - 1))
      g.shut = math.max(g.shut, now + (after or pause))
      g.ends = g.shut
    else g.strikes = 0 end
    shut = math.max(shut, g.shut - now)
    save(key, g)
  end
  return {tostring(shut)}
end

if ARGV[1] == 'take' then return take() end
return tell()
"""

_FIGURES = {
    "FIRST_PAUSE": FIRST_PAUSE,
    "FIRST_PROBE": FIRST_PROBE,
    "LONGEST_PAUSE": LONGEST_PAUSE,
    "LONGEST_PROBE": LONGEST_PROBE,
    "LONGEST_QUEUE": LONGEST_QUEUE,
    "LONG_ENOUGH": LONG_ENOUGH,
    "RISE": RISE,
    "WINDOW": WINDOW,
    "WORK": WORK,
}
SCRIPT = "".join(f"local {name} = {figure!r}\n" for name, figure in _FIGURES.items()) + _SCRIPT
