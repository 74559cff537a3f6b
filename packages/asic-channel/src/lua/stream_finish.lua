-- Finishes requests: stores their replies, and lets them go.
--
-- ARGV  1 group   2 entries to keep   then per request: entry id, size or '' when it was not counted, request id,
--       '1' when the reply is to be stored, status, op of the reply, fields (JSON), what was asked where nobody waits
--       for the reply, else ''
-- Reply how many were finished by this call
--
-- Atomic, so that a request that was let go has its reply; one that was let go before gets no second one.

local waiting, bytes = number('waiting'), number('bytes')
local done = redis.call('HGET', STATE, 'done') or '0-0'
local finished = 0
for i = 3, #ARGV, 8 do
  local entry, size = ARGV[i], ARGV[i + 1]
  if redis.call('XACK', REQUESTS, ARGV[1], entry) == 1 then
    finished = finished + 1
    if ARGV[i + 3] == '1' then
      local reply = {'key', ARGV[i + 4], 'op', ARGV[i + 5], 'attrs', ARGV[i + 6], 'id', ARGV[i + 2]}
      if ARGV[i + 7] ~= '' then reply[9], reply[10] = 'asked', ARGV[i + 7] end
      add(RESPONSES, unpack(reply))
    end
    if size ~= '' then waiting, bytes = math.max(0, waiting - 1), math.max(0, bytes - tonumber(size)) end
    if is_before(done, entry) then done = entry end
  end
end
save('waiting', waiting, 'bytes', bytes, 'done', done)
trim(tonumber(ARGV[2]), waiting, done)
return finished
