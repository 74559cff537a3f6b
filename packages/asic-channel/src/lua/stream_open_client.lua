-- Begins the life of a client.
--
-- ARGV  1 its epoch
-- Reply {last id of the response stream, position up to which notifications were read, position up to which streams were
--       cut}; the last two may be ''
--
-- Atomic, so that nothing of the client before it is taken for its own.

redis.call('HSET', STATE, 'client', ARGV[1], 'last', '0', 'accepted', '0')
return {last_id(RESPONSES), redis.call('HGET', STATE, 'seen') or '', redis.call('HGET', STATE, 'trimmed') or ''}
