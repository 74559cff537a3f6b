-- Lets go a request that is done, and stores its reply.
--
-- KEYS  1 queue   2 replies
-- ARGV  1 position of the request   2 its id   3 op of the reply, '' when nobody waits for it   4 its status
--       5 its fields (JSON)   6 replies that are kept, about   7 channel of the wake-up
--       8 what was asked where nobody waits for the reply, else ''
-- Reply 1
--
-- Atomic, so that a request is either still there or its reply is.

redis.call('XDEL', KEYS[1], ARGV[1])
if ARGV[3] ~= '' then
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[6], '*', 'id', ARGV[2], 'op', ARGV[3], 'status', ARGV[4], 'attrs', ARGV[5],
    'asked', ARGV[8])
  redis.call('PUBLISH', ARGV[7], 'G')
end
return 1
