-- Moves the channel: from here on the wished transport stands, and no other.
--
-- KEYS  1 mark
-- ARGV  1 id of the wish   2 generation it is moved from   3 milliseconds that requests were held
-- Reply 1 when moved; 0 when the wish is over, or syncd does not serve that transport
--
-- Atomic: whoever reads the mark sees one transport, the old or the new one.

if not stands(ARGV[1]) or generation() ~= tonumber(ARGV[2]) then return 0 end
local wish = redis.call('HMGET', KEYS[1], 'to', 'ready')
if wish[2] ~= '1' then return 0 end
redis.call('HSET', KEYS[1], 'transport', wish[1], 'generation', tostring(generation() + 1), 'waited', ARGV[3])
forget()
return 1
