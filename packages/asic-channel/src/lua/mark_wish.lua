-- Wishes that the channel moves to another transport.
--
-- KEYS  1 mark
-- ARGV  1 transport   2 id of the wish   3 who wishes (JSON)   4 milliseconds until it ends by itself
-- Reply what stands in the way, '' when nothing: 'unknown' (no client has said what it uses), 'there', 'busy';
--       transport and generation to move from
--
-- Atomic, so that one wish stands at a time.

local transport = redis.call('HGET', KEYS[1], 'transport')
if not transport then return {'unknown', '', '0'} end
local from = {transport, tostring(generation())}
local wish = redis.call('HGET', KEYS[1], 'wish')
if wish and stands(wish) then return {'busy', from[1], from[2]} end
if transport == ARGV[1] then return {'there', from[1], from[2]} end
forget()
redis.call('HDEL', KEYS[1], 'refused', 'reason', 'waited')
redis.call('HSET', KEYS[1], 'wish', ARGV[2], 'to', ARGV[1], 'by', ARGV[3], 'until', tostring(now() + tonumber(ARGV[4])))
return {'', from[1], from[2]}
