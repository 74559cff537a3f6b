-- Writes rows of a plain table.
--
-- KEYS  the rows
-- ARGV  per row: mode, number of fields, field, value, ...
--       mode `replace` removes the old row first, `merge` keeps its other fields, `exact` removes them last
-- Reply nil
--
-- Atomic, so that nobody reads a row between its old and its new fields. Subscribers see `del` then `hset` of a
-- replaced row, `hset` then `hdel` of an exact one. A row without fields is deleted, unless it is merged.

local CHUNK = 4000

local i = 1
for n = 1, #KEYS do
  local row, mode, fields = KEYS[n], ARGV[i], tonumber(ARGV[i + 1])
  local first, stop = i + 2, i + 2 + 2 * fields
  if mode == 'replace' or (mode == 'exact' and fields == 0) then redis.call('DEL', row) end
  local stale = {}
  if mode == 'exact' and fields > 0 then
    local wanted = {}
    for f = first, stop - 1, 2 do wanted[ARGV[f]] = true end
    for _, field in ipairs(redis.call('HKEYS', row)) do
      if not wanted[field] then stale[#stale + 1] = field end
    end
  end
  for f = first, stop - 1, CHUNK do
    redis.call('HSET', row, unpack(ARGV, f, math.min(f + CHUNK, stop) - 1))
  end
  for f = 1, #stale, CHUNK do
    redis.call('HDEL', row, unpack(stale, f, math.min(f + CHUNK - 1, #stale)))
  end
  i = stop
end
return nil
