-- Stores requests of a client, in order, each once however often it is sent.
--
-- ARGV  1 epoch of the client   2 most requests that may wait   3 most bytes of them   4 most entries of both streams
--       then per request: its number, key, op, fields (JSON), '1' when its caller waits for the reply
-- Reply per request `stored`, `requests`, `bytes` or `unarchived` (that bound is reached, here and for all behind it),
--       or `displaced` for all: another client has begun
--
-- Atomic, so that the bounds hold, and that a request that is sent again after a lost connection is stored once.

local client = redis.call('HGET', STATE, 'client')
if client and client ~= ARGV[1] then return {'displaced'} end
local last = client and number('last') or 0
local waiting, bytes, accepted = number('waiting'), number('bytes'), client and number('accepted') or 0
local room = tonumber(ARGV[4]) - redis.call('XLEN', REQUESTS) - redis.call('XLEN', RESPONSES)
local requests_max, bytes_max, epoch = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[1] .. ':'
local reply, full = {}, nil
for i = 5, #ARGV, 5 do
  local which, key, op, fields = tonumber(ARGV[i]), ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  if which <= last then
    reply[#reply + 1] = 'stored'
  else
    local size = #key + #op + #fields
    if not full then
      if waiting >= requests_max then full = 'requests'
      elseif bytes + size > bytes_max then full = 'bytes'
      elseif room <= 0 then full = 'unarchived' end
    end
    if full then
      reply[#reply + 1] = full
    else
      add(REQUESTS, 'key', key, 'op', op, 'attrs', fields, 'id', epoch .. ARGV[i], 'size', size)
      waiting, bytes, room, last = waiting + 1, bytes + size, room - 1, which
      if ARGV[i + 4] ~= '1' then accepted = accepted + 1 end
      reply[#reply + 1] = 'stored'
    end
  end
end
save('client', ARGV[1], 'last', string.format('%.0f', last), 'accepted', accepted, 'waiting', waiting, 'bytes', bytes)
return reply
