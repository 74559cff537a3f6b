-- Adds to a wish while it stands.
--
-- KEYS  1 mark
-- ARGV  1 id of the wish   2 field   3 value
-- Reply 1 when it stands
--
-- Atomic, so that nothing is said of a wish that is over.

if not stands(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
return 1
