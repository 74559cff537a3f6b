-- Puts back a move that Redis has forgotten.
--
-- KEYS  1 mark
-- ARGV  1 transport   2 generation
-- Reply 1 when put back; 0 when the mark is as new
--
-- Atomic, so that a later move is never undone.

if generation() >= tonumber(ARGV[2]) then return 0 end
forget()
redis.call('HSET', KEYS[1], 'transport', ARGV[1], 'generation', ARGV[2])
return 1
