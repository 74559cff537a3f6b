-- Reads replies, and lets go those that were read before.
--
-- KEYS  1 list of replies, the oldest first
-- ARGV  1 position of the last one that was read   2 how many to read
-- Reply replies behind that position
--
-- Atomic, so that nothing goes that was not read. The last one stays: the next one is numbered behind it.

local seen_ms, seen_n = string.match(ARGV[1], '^(%d+)-(%d+)$')
seen_ms, seen_n = tonumber(seen_ms), tonumber(seen_n)

local function was_read(element)
  local ms, n = string.match(element, '^(%d+)-(%d+)')
  if not ms then return true end
  ms, n = tonumber(ms), tonumber(n)
  return ms < seen_ms or (ms == seen_ms and n <= seen_n)
end

while redis.call('LLEN', KEYS[1]) > 1 and was_read(redis.call('LINDEX', KEYS[1], 0)) do redis.call('LPOP', KEYS[1]) end
local replies = {}
for _, element in ipairs(redis.call('LRANGE', KEYS[1], 0, tonumber(ARGV[2]))) do
  if not was_read(element) then replies[#replies + 1] = element end
end
return replies
