-- Lets go a request that is done, and stores its reply.
--
-- KEYS  1 list of requests   2 list of replies, the oldest first
-- ARGV  1 the request as it stands there   2 its reply (JSON), '' when nobody waits for it   3 replies that are kept
--       4 channel of the wake-up
-- Reply 1
--
-- Atomic, so that a request is either still there or its reply is.

redis.call('LREM', KEYS[1], 1, ARGV[1])
if ARGV[2] ~= '' then
  local now = redis.call('TIME')
  local ms, n = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000), 0
  local last_ms, last_n = string.match(redis.call('LINDEX', KEYS[2], -1) or '', '^(%d+)-(%d+)')
  if last_ms and tonumber(last_ms) >= ms then ms, n = tonumber(last_ms), tonumber(last_n) + 1 end
  redis.call('RPUSH', KEYS[2], string.format('%.0f-%.0f ', ms, n) .. ARGV[2])
  redis.call('LTRIM', KEYS[2], -tonumber(ARGV[3]), -1)
  redis.call('PUBLISH', ARGV[4], 'G')
end
return 1
