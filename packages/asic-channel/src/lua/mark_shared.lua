-- What scripts over the mark of a channel share. KEYS 1 is always the mark.

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Whether the wish `id` stands: it is neither granted nor withdrawn, and its time has not run out.
local function stands(id)
  local wish = redis.call('HMGET', KEYS[1], 'wish', 'until')
  return wish[1] == id and now() < tonumber(wish[2] or '0')
end

local function forget()
  redis.call('HDEL', KEYS[1], 'wish', 'to', 'by', 'until', 'ready', 'step')
end

local function generation()
  return tonumber(redis.call('HGET', KEYS[1], 'generation') or '0')
end
