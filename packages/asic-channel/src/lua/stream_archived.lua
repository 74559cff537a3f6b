-- Remembers how far an archiver is, and cuts the streams where everybody has everything.
--
-- ARGV  1 name of the archiver   2 position up to which it has everything, or '' when it shall be forgotten
--       3 entries to keep
-- Reply entries that are left in both streams
--
-- Atomic, so that nothing is cut that another archiver has not got.

if ARGV[2] == '' then redis.call('HDEL', ARCHIVED, ARGV[1]) else redis.call('HSET', ARCHIVED, ARGV[1], ARGV[2]) end
trim(tonumber(ARGV[3]), number('waiting'), redis.call('HGET', STATE, 'done') or '0-0')
return redis.call('XLEN', REQUESTS) + redis.call('XLEN', RESPONSES)
