-- Notes which transport a client uses, as long as nobody has moved the channel or wishes to.
--
-- KEYS  1 mark
-- ARGV  1 transport
-- Reply 1 when noted; 0 when the mark decides
--
-- Atomic, so that a wish never starts from a transport that is about to be replaced.

local wish = redis.call('HGET', KEYS[1], 'wish')
if generation() > 0 or (wish and stands(wish)) then return 0 end
redis.call('HSET', KEYS[1], 'transport', ARGV[1], 'generation', '0')
return 1
