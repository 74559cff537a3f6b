-- Ends a wish that was not granted.
--
-- KEYS  1 mark
-- ARGV  1 id of the wish   2 why, '' when it is withdrawn
-- Reply 1 when it ends by this; 0 when it was over
--
-- Atomic, so that a wish is either granted or ended.

if redis.call('HGET', KEYS[1], 'wish') ~= ARGV[1] then return 0 end
forget()
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'refused', ARGV[1], 'reason', ARGV[2]) end
return 1
