-- Writes a row if it still is what its writer saw, once per request.
--
-- KEYS  1 the row   2 answer to the request   3 list of answers, newest first
-- ARGV  1 what was asked   2 answer to keep   3 most answers to keep
--       4 number of fields seen, field, value, ...; 0: the row was absent; -1: whatever it is
--       then number of fields to write, field, value, ...; 0: delete; -1: leave it
-- Reply {'answered', asked, answer} of an earlier request with the same key, {'changed'} when the row is another by now,
--       {'written'}
--
-- Atomic, so that of two writers that saw the same row one is refused, and that a request whose connection died after its
-- write is recognised: the row and the answer appear together. Stale fields go last: subscribers see no delete.

if redis.call('EXISTS', KEYS[2]) == 1 then
  local kept = redis.call('HMGET', KEYS[2], 'asked', 'answer')
  return {'answered', kept[1] or '', kept[2] or ''}
end

local seen = tonumber(ARGV[4])
local at = 5
if seen >= 0 then
  if redis.call('HLEN', KEYS[1]) ~= seen then return {'changed'} end
  for f = at, at + 2 * seen - 1, 2 do
    if redis.call('HGET', KEYS[1], ARGV[f]) ~= ARGV[f + 1] then return {'changed'} end
  end
  at = at + 2 * seen
end

local fields = tonumber(ARGV[at])
if fields == 0 then
  redis.call('DEL', KEYS[1])
elseif fields > 0 then
  local wanted = {}
  for f = at + 1, at + 2 * fields, 2 do
    wanted[ARGV[f]] = true
    redis.call('HSET', KEYS[1], ARGV[f], ARGV[f + 1])
  end
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
    if not wanted[field] then redis.call('HDEL', KEYS[1], field) end
  end
end

redis.call('HSET', KEYS[2], 'asked', ARGV[1], 'answer', ARGV[2])
redis.call('LPUSH', KEYS[3], KEYS[2])
local kept = redis.call('LRANGE', KEYS[3], ARGV[3], '-1')
for _, old in ipairs(kept) do redis.call('DEL', old) end
redis.call('LTRIM', KEYS[3], '0', tostring(tonumber(ARGV[3]) - 1))
return {'written'}
