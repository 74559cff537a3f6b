-- Takes pending changes of a state table and applies them to its rows.
--
-- KEYS  1 key set   2 delete set   3 prefix of temporary rows   4 prefix of rows
-- ARGV  1 most keys to take
-- Reply packed: {key, {field, value, ...}, key, {...}, ...}; no fields means the row was deleted
--
-- Atomic, so that each change is handed to one consumer only and a row moves as a whole: nobody reads it between its
-- delete and its new fields, and no producer writes into a temporary row that is being moved.

local CHUNK = 4000

local keys = redis.call('SPOP', KEYS[1], ARGV[1])
local result = {}
if #keys == 0 then return cmsgpack.pack(result) end

local deletes = redis.call('EXISTS', KEYS[2]) == 1
for n = 1, #keys do
  local key = keys[n]
  local temp, row = KEYS[3] .. key, KEYS[4] .. key
  if deletes and redis.call('SREM', KEYS[2], key) == 1 then redis.call('DEL', row) end
  local fields = redis.call('HGETALL', temp)
  if #fields > 0 then
    for i = 1, #fields, CHUNK do
      redis.call('HSET', row, unpack(fields, i, math.min(i + CHUNK - 1, #fields)))
    end
    redis.call('DEL', temp)
  end
  result[2 * n - 1] = key
  result[2 * n] = fields
end
return cmsgpack.pack(result)
