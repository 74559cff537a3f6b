-- Shared by the scripts of the stream transport.
--
-- KEYS  1 request stream   2 response stream   3 state (HASH)   4 marks (LIST)   5 archived (HASH)
--
-- Both streams count with one counter: the second part of an entry's id is one more than that of the entry before it,
-- in whichever stream that stands, and the first part never goes back. So ids order everything that happened, and a
-- hole among them is as long as what is missing. Each thousandth id is a mark, at which streams may be cut.

-- These are looked up for each of thousands of entries; as locals they cost no search.
local ARGV, call, pcall_redis = ARGV, redis.call, redis.pcall
local REQUESTS, RESPONSES, STATE, MARKS, ARCHIVED = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local MARK_EVERY = 1000

local function parts(id)
  local ms, n = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(n)
end

local function is_before(a, b)
  local a_ms, a_n = parts(a)
  local b_ms, b_n = parts(b)
  return a_ms < b_ms or (a_ms == b_ms and a_n < b_n)
end

local function number(field)
  return tonumber(redis.call('HGET', STATE, field) or '0')
end

local function last_id(stream)
  if redis.call('EXISTS', stream) == 0 then return '0-0' end
  local info = redis.call('XINFO', 'STREAM', stream)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then return info[i + 1] end
  end
  return '0-0'
end

local now = redis.call('TIME')
local ms = math.max(tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000), number('ms'))
local n = number('n')
if n == 0 then
  -- The state is gone, or this is the beginning: ids go on behind those that stand.
  for _, stream in ipairs({REQUESTS, RESPONSES}) do
    local last_ms, last_n = parts(last_id(stream))
    ms, n = math.max(ms, last_ms), math.max(n, last_n)
  end
end

local of_ms = string.format('%.0f-', ms)

local function add(stream, ...)
  n = n + 1
  -- A number in a text has 14 digits; `n` has less for all time.
  local id = of_ms .. n
  local added = pcall_redis('XADD', stream, id, ...)
  if type(added) == 'table' and added.err then
    if not string.find(added.err, 'equal or smaller', 1, true) then error(added.err) end
    -- Somebody put an entry there by hand: ids go on behind it, and it is not counted.
    ms = parts(last_id(stream)) + 1
    of_ms = string.format('%.0f-', ms)
    id = of_ms .. n
    call('XADD', stream, id, ...)
  end
  if n % MARK_EVERY == 0 then redis.call('RPUSH', MARKS, id) end
  return id
end

local function save(...)
  redis.call('HSET', STATE, 'ms', string.format('%.0f', ms), 'n', string.format('%.0f', n), ...)
end

-- Cuts both streams to about `keep` entries, but nothing that is not finished, or that an archiver has not got yet.
local function trim(keep, waiting, done)
  local limit = waiting == 0 and string.format('%.0f-%.0f', ms, n) or done
  for _, archived in ipairs(redis.call('HVALS', ARCHIVED)) do
    if is_before(archived, limit) then limit = archived end
  end
  while redis.call('LLEN', MARKS) * MARK_EVERY > keep do
    local mark = redis.call('LINDEX', MARKS, 0)
    if not is_before(mark, limit) then return end
    redis.call('XTRIM', REQUESTS, 'MINID', mark)
    redis.call('XTRIM', RESPONSES, 'MINID', mark)
    redis.call('LPOP', MARKS)
    redis.call('HSET', STATE, 'trimmed', mark)
  end
end

