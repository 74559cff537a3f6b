-- Finishes requests: stores their replies, and lets them go.
--
-- ARGV  1 group   2 entries to keep   then per request: entry id, size or '' when it was not counted, request id,
--       '1' when the reply is to be stored, status, op of the reply, fields (JSON), what was asked where nobody waits
--       for the reply, else ''
-- Reply how many were finished by this call
--
-- Atomic, so that a request that was let go has its reply; one that was let go before gets no second one.

local waiting, bytes = number('waiting'), number('bytes')
local done = call('HGET', STATE, 'done') or '0-0'
local done_ms, done_n = parts(done)
local group, finished = ARGV[1], 0
for i = 3, #ARGV, 8 do
  local entry, size = ARGV[i], ARGV[i + 1]
  if call('XACK', REQUESTS, group, entry) == 1 then
    finished = finished + 1
    if ARGV[i + 3] == '1' then
      if ARGV[i + 7] == '' then
        add(RESPONSES, 'key', ARGV[i + 4], 'op', ARGV[i + 5], 'attrs', ARGV[i + 6], 'id', ARGV[i + 2])
      else
        add(RESPONSES, 'key', ARGV[i + 4], 'op', ARGV[i + 5], 'attrs', ARGV[i + 6], 'id', ARGV[i + 2], 'asked', ARGV[i + 7])
      end
    end
    if size ~= '' then waiting, bytes = math.max(0, waiting - 1), math.max(0, bytes - size) end
    local entry_ms, entry_n = parts(entry)
    if done_ms < entry_ms or (done_ms == entry_ms and done_n < entry_n) then
      done, done_ms, done_n = entry, entry_ms, entry_n
    end
  end
end
save('waiting', waiting, 'bytes', bytes, 'done', done)
trim(tonumber(ARGV[2]), waiting, done)
return finished
