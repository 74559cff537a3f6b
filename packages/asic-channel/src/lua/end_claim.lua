-- Takes one end of a channel.
--
-- KEYS  1 owner
-- ARGV  1 the value that was seen there, or '' for none   2 the value to put there, or '' to leave the end
-- Reply 1 when done; 0 when something else stands there by now
--
-- Atomic, so that of two processes that see a dead owner one takes its place.

local value = redis.call('GET', KEYS[1]) or ''
if value ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2]) end
return 1
