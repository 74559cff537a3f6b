-- Appends to the queue of a ProducerTable.
--
-- KEYS  1 queue (LIST)   2 channel
-- ARGV  1 payload, then per entry: key, value (JSON), class letter and op
-- Reply the length of the queue, three elements an entry
--
-- Atomic, so that the three elements of an entry are never apart. One message per entry: upstream's consumer counts them.

local CHUNK = 3000

local length = 0
for i = 2, #ARGV, CHUNK do
  length = redis.call('LPUSH', KEYS[1], unpack(ARGV, i, math.min(i + CHUNK - 1, #ARGV)))
end
for _ = 2, #ARGV, 3 do redis.call('PUBLISH', KEYS[2], ARGV[1]) end
return length
