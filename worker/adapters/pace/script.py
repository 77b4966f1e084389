"""The sums of local.py as a Redis script, so that all processes do them on the same figures, one after the other.

One run takes what several answers told, and then gives one pass, if any is asked for. KEYS: the gauges, in the order
in which ARGV speaks of them. ARGV: the time ("" for Redis's own); how many answers, and of each how many gauges, number
and minute of its pass, how many seconds ago it came, whether its call was made at all, and what it told of each gauge;
how many gauges are asked of, and of each the cost and the share to keep. It returns for how long the last answer's
gauges are shut, and of the pass the wait, its number, its minute, whether the gauges are known, and whether it only
finds out whether one was renewed. A gauge is stored as JSON under `deskhand:pace:...` and forgotten an hour after it
was last used.
"""

from __future__ import annotations

from worker.adapters.pace.words import (
    EASE,
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
local now = tonumber(ARGV[1])
if not now then
  local t = redis.call('TIME')
  now = tonumber(t[1]) + tonumber(t[2]) / 1000000
end
local minute = math.floor(now / 60)
local loaded, changed = {}, {}
local at_key, at_figure = 0, 1

local function next_key()
  at_key = at_key + 1
  return KEYS[at_key]
end

local function next_figure()
  at_figure = at_figure + 1
  return tonumber(ARGV[at_figure])
end

local function load(key)
  if loaded[key] then return loaded[key] end
  local stored = redis.call('GET', key)
  local g = stored and cjson.decode(stored) or
    {limit=0, left=0, at=0, rate=0, ends=0, told=0, number=0,
     shut=0, strikes=0, probes=0, queued=0, minute=0, flying=0, before=0}
  for _, name in ipairs({'since', 'mine', 'theirs', 'others'}) do g[name] = g[name] or 0 end
  if minute ~= g.minute then
    g.before = (minute == g.minute + 1) and g.flying or 0
    g.minute, g.flying = minute, 0
  end
  loaded[key] = g
  return g
end

local function save()
  for key in pairs(changed) do
    local g = loaded[key]
    local keep = math.ceil(math.max(3600, g.shut - now + 60))
    redis.call('SET', key, cjson.encode(g), 'EX', keep)
  end
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
    return 0, 1
  end
  return g.ends - now + WINDOW * math.min(math.floor(g.queued * WORK / most), LONGEST_QUEUE)
end

local function take()
  local keys, costs, waits, longest, known, probing = {}, {}, {}, 0, 1, 0
  for i = 1, next_figure() do
    local key, cost, keep = next_key(), next_figure(), next_figure()
    local g = load(key)
    if cost > 0 and g.limit == 0 then known = 0 end
    local seconds, probe = wait(g, cost, keep)
    keys[i], costs[i], waits[i] = key, cost, seconds
    longest, probing = math.max(longest, seconds), probe or probing
  end
  for i, key in ipairs(keys) do
    local g = loaded[key]
    if longest > 0 then
      if waits[i] > 0 then g.queued = g.queued + 1 end
    else
      g.number = g.number + 1
      g.flying = g.flying + costs[i]
      g.queued = math.max(0, g.queued - 1)
    end
    if costs[i] > 0 or waits[i] > 0 then changed[key] = true end
  end
  return tostring(longest), keys[1] and loaded[keys[1]].number or 0, minute, known, probing
end

local function begin_anew(g, came)
  local watched = math.min(g.at - g.since, WINDOW)
  if watched >= LONG_ENOUGH then
    g.others = g.others + watched / WINDOW * (g.theirs / watched - g.others)
  end
  g.since, g.mine, g.theirs = came, 0, 0
end

local function ease(g, gone, came)
  g.others = g.others + EASE * (math.min(g.others, gone / WINDOW) - g.others)
  g.since, g.mine, g.theirs = came, gone, 0
end

local function watch_others(g, refill)
  if refill > 0 then return end
  g.theirs = math.max(g.theirs, g.limit - g.left - g.mine - g.flying - g.before)
end

local function believe(g, limit, left, refill, number, came)
  if number < g.told then
    g.left, g.at = math.min(now_left(g), left), now
    return
  end
  local renewed = left > now_left(g) + g.flying + g.before + limit * RISE
  if g.limit == 0 then g.since, g.mine = came, limit - left
  elseif renewed then begin_anew(g, came)
  elseif came - g.since >= WINDOW and limit - left <= limit * RISE then ease(g, limit - left, came) end
  if renewed or came >= g.ends then
    g.ends, g.queued, g.probes = came + WINDOW, 0, 0
  end
  g.rate = refill > 0 and (limit - left) / refill or 0
  g.limit, g.left, g.at, g.told = limit, left, came, number
end

local function land(g, cost, taken)
  if taken == g.minute then g.flying = math.max(0, g.flying - cost)
  elseif taken == g.minute - 1 then g.before = math.max(0, g.before - cost) end
end

local function learn(g, cost, number, came)
  local limit, left, refill = next_figure(), next_figure(), next_figure()
  local refused, after = next_figure() == 1, next_figure()
  local before = came < g.since -- the last renewal, of which it says nothing
  g.mine = g.mine + (before and 0 or cost)
  if not before and limit and limit > 0 and left then
    believe(g, limit, left, refill, number, came)
    watch_others(g, refill)
  elseif not before and g.limit > 0 then g.left, g.at = math.max(0, now_left(g) - cost), now end
  local striking = refused or g.strikes > 0
  if refused then
    g.strikes = g.strikes + 1
    local pause = math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ^ (math.min(g.strikes, 9) - 1))
    g.shut = math.max(g.shut, now + (after or pause))
    g.ends = g.shut
  else g.strikes = 0 end
  return striking or cost > 0 or limit
end

local function tell()
  local count, number, taken, came, shut = next_figure(), next_figure(), next_figure(), now - next_figure(), 0
  local made = next_figure() == 1
  -- Given before the gauge was forgotten, which counts from 1 again: all later answers would be taken for late ones.
  if count > 0 and number > load(KEYS[at_key + 1]).number then number = 0 end
  for _ = 1, count do
    local key, cost = next_key(), next_figure()
    local g = load(key)
    land(g, cost, taken)
    if not made then
      at_figure = at_figure + 5
      if cost > 0 then changed[key] = true end
    elseif learn(g, cost, number, came) then changed[key] = true end
    shut = math.max(shut, g.shut - now)
  end
  return tostring(shut)
end

local shut = '0'
for _ = 1, next_figure() do shut = tell() end
local longest, number, taken, known, probing = take()
save()
return {shut, longest, number, taken, known, probing}
"""

_FIGURES = {
    "EASE": EASE,
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
