-- Forgets everything that a state table has pending. Rows that were popped stay.
--
-- KEYS  1 key set   2 delete set
-- ARGV  1 pattern of temporary rows, glob characters of the table's name escaped (`_T:*`)
-- Reply the number of temporary rows removed
--
-- Atomic, so that no consumer pops a key whose temporary row is already gone, which it would read as a delete.

local removed = 0
for _, temp in ipairs(redis.call('KEYS', ARGV[1])) do
  removed = removed + redis.call('DEL', temp)
end
redis.call('DEL', KEYS[1], KEYS[2])
return removed
