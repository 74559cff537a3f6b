-- Stores requests behind those that wait, in order, as many as there is room for.
--
-- KEYS  1 queue
-- ARGV  1 most requests that may wait   2 channel of the wake-up
--       then per request: id, key, op, fields (JSON), '1' when it was sent before, '1' when nobody waits for its reply
-- Reply how many of them are stored
--
-- Atomic, so that the bound holds and nothing comes between them.

local room = tonumber(ARGV[1]) - redis.call('XLEN', KEYS[1])
local stored = 0
for i = 3, #ARGV, 6 do
  if stored >= room then break end
  redis.call('XADD', KEYS[1], '*', 'id', ARGV[i], 'key', ARGV[i + 1], 'op', ARGV[i + 2], 'attrs', ARGV[i + 3],
    'repeated', ARGV[i + 4], 'unanswered', ARGV[i + 5])
  stored = stored + 1
end
if stored > 0 then redis.call('PUBLISH', ARGV[2], 'G') end
return stored
