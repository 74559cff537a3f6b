-- Stores requests behind those that wait, in order, as many as there is room for.
--
-- KEYS  1 list, the oldest first   2 position up to which requests were taken
-- ARGV  1 most requests that may wait   2 channel of the wake-up   then a request (JSON) each
-- Reply how many of them are stored
--
-- Atomic, so that the bound holds and nothing comes between them. Each gets a position as an entry of a stream has it:
-- the time in milliseconds and a number, greater than that of whatever stood here before.

local function parts(text)
  local ms, n = string.match(text or '', '^(%d+)-(%d+)')
  return tonumber(ms or '0'), tonumber(n or '0')
end

local now = redis.call('TIME')
local ms, n = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000), -1
for _, text in ipairs({redis.call('LINDEX', KEYS[1], -1) or '', redis.call('GET', KEYS[2]) or ''}) do
  local last_ms, last_n = parts(text)
  if last_ms > ms or (last_ms == ms and last_n > n) then ms, n = last_ms, last_n end
end
local room = tonumber(ARGV[1]) - redis.call('LLEN', KEYS[1])
local stored = 0
for i = 3, #ARGV do
  if stored >= room then break end
  stored, n = stored + 1, n + 1
  redis.call('RPUSH', KEYS[1], string.format('%.0f-%.0f ', ms, n) .. ARGV[i])
end
if stored > 0 then redis.call('PUBLISH', ARGV[2], 'G') end
return stored
