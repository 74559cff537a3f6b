-- Reads all rows of a table.
--
-- ARGV  1 pattern of the rows' keys, glob characters of the table's name escaped
-- Reply packed: {row key, {field, value, ...}, ...} in no order; keys of another type than hash are left out
--
-- Atomic, so that the rows belong to one moment.

local result = {}
for _, row in ipairs(redis.call('KEYS', ARGV[1])) do
  if redis.call('TYPE', row).ok == 'hash' then
    result[#result + 1] = row
    result[#result + 1] = redis.call('HGETALL', row)
  end
end
return cmsgpack.pack(result)
