-- Publishes a notification.
--
-- ARGV  1 entries to keep   2 name   3 data   4 fields (JSON)
-- Reply its position
--
-- Atomic with the counter that it draws its position from.

local id = add(RESPONSES, 'key', ARGV[2], 'op', 'notification', 'attrs', ARGV[4], 'data', ARGV[3])
save()
trim(tonumber(ARGV[1]), number('waiting'), redis.call('HGET', STATE, 'done') or '0-0')
return id
