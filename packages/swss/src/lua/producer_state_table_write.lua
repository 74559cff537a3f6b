-- Queues changes of a state table.
--
-- KEYS  1 channel   2 key set   3 delete set   4 prefix of temporary rows (`_T:`)
-- ARGV  1 payload, then per change: key, number of fields or -1 for a delete, field, value, field, value, ...
-- Reply the number of keys that were not yet pending
--
-- Atomic, so that a consumer never pops a key whose fields are half written, nor the fields of a row without the delete
-- that came before them. Publishes once, and only if a key became pending: a pending key has its wake-up on the way.

local CHUNK = 4000

local function add_all(set, members)
  local added = 0
  for i = 1, #members, CHUNK do
    added = added + redis.call('SADD', set, unpack(members, i, math.min(i + CHUNK - 1, #members)))
  end
  return added
end

local keys, deleted = {}, {}
local i, last = 2, #ARGV
while i <= last do
  local key, fields = ARGV[i], tonumber(ARGV[i + 1])
  local temp = KEYS[4] .. key
  keys[#keys + 1] = key
  i = i + 2
  if fields < 0 then
    deleted[#deleted + 1] = key
    redis.call('DEL', temp)
  else
    local stop = i + 2 * fields
    while i < stop do
      local to = math.min(i + CHUNK, stop)
      redis.call('HSET', temp, unpack(ARGV, i, to - 1))
      i = to
    end
  end
end

if #deleted > 0 then add_all(KEYS[3], deleted) end
local new = add_all(KEYS[2], keys)
if new > 0 then redis.call('PUBLISH', KEYS[1], ARGV[1]) end
return new
