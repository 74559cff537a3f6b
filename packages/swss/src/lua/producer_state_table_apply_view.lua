-- Makes a state table equal to a view: what is pending is dropped, then only the differences to the rows are queued.
--
-- KEYS  1 channel   2 key set   3 delete set   4 prefix of temporary rows   5 prefix of rows
-- ARGV  1 payload   2 pattern of temporary rows   3 pattern of rows, then per row of the view: key, number of fields,
--       field, value, ...
-- Reply {keys to set, keys to delete or replace}
--
-- Atomic, so that no write between reading the rows and queueing the differences is lost, and so that a consumer sees
-- either none or all of them. A row that lacks a field of the old one is replaced, which takes both sets. The
-- placeholder field NULL of an old row does not count. Always publishes.

local CHUNK = 4000

for _, temp in ipairs(redis.call('KEYS', ARGV[2])) do redis.call('DEL', temp) end
redis.call('DEL', KEYS[2], KEYS[3])

local old = {}
for _, row in ipairs(redis.call('KEYS', ARGV[3])) do
  if redis.call('TYPE', row).ok == 'hash' then old[string.sub(row, #KEYS[5] + 1)] = row end
end

local set_count, replace_count = 0, 0

local function queue(key, replace)
  redis.call('SADD', KEYS[2], key)
  set_count = set_count + 1
  if replace then
    redis.call('SADD', KEYS[3], key)
    replace_count = replace_count + 1
  end
end

local i, last = 4, #ARGV
while i <= last do
  local key, stop = ARGV[i], i + 2 + 2 * tonumber(ARGV[i + 1])
  local changed, replace = true, false
  if old[key] then
    local wanted, extra = {}, 0
    for f = i + 2, stop - 1, 2 do
      if wanted[ARGV[f]] == nil then extra = extra + 1 end
      wanted[ARGV[f]] = ARGV[f + 1]
    end
    changed = false
    local have = redis.call('HGETALL', old[key])
    for f = 1, #have, 2 do
      if have[f] ~= 'NULL' then
        local value = wanted[have[f]]
        if value == nil then replace = true else extra = extra - 1 end
        if value ~= have[f + 1] then changed = true end
      end
    end
    if extra > 0 then changed = true end
    old[key] = nil
  end
  if changed then
    queue(key, replace)
    local f = i + 2
    while f < stop do
      local to = math.min(f + CHUNK, stop)
      redis.call('HSET', KEYS[4] .. key, unpack(ARGV, f, to - 1))
      f = to
    end
  end
  i = stop
end

for key in pairs(old) do queue(key, true) end

redis.call('PUBLISH', KEYS[1], ARGV[1])
return {set_count, replace_count}
