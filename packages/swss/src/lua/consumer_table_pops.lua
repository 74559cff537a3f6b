-- Takes entries of a ProducerTable's queue, oldest first, and applies them to the rows.
--
-- KEYS  1 queue (LIST)   2 table name with the reader's prefix, to which `:` and the key are added
-- ARGV  1 most entries to take   2 `1` to write rows, `0` to leave them alone
-- Reply packed: per entry {'', key, op, field, value, ...}, or {what is wrong, key, class letter and op, value} for an
--       entry that was dropped: it spoils none of its neighbours, whose rows are written
--
-- Atomic, so that entries are handed to one consumer only, in order, and rows show exactly what was handed out.

local CHUNK = 4000
local WRITES = {set = true, SET = true, create = true, remove = true, DEL = true}
local BULK = {bulkset = true, bulkcreate = true, bulkremove = true}
local QUIET = {
  flush = true, flushresponse = true, get = true, bulkget = true, getresponse = true, notify = true, get_stats = true,
  clear_stats = true, attribute_capability_query = true, attribute_capability_response = true,
  attr_enum_values_capability_query = true, attr_enum_values_capability_response = true,
  object_type_get_availability_query = true, object_type_get_availability_response = true,
  stats_capability_query = true, stats_capability_response = true, stats_st_capability_query = true,
  stats_st_capability_response = true, link_event_damping_config_set = true,
}

local function decode(value)
  local fine, list = pcall(cjson.decode, value)
  if not fine then return nil, 'the value is not JSON' end
  if type(list) ~= 'table' then return nil, 'the value is not a JSON array' end
  local members = 0
  for _, member in pairs(list) do
    if type(member) ~= 'string' then return nil, 'an element is not a string' end
    members = members + 1
  end
  if members ~= #list then return nil, 'the value is a JSON object with members' end
  if members % 2 == 1 then return nil, 'the last field has no value' end
  return list
end

local function write_row(row, list, delete)
  if delete then
    redis.call('DEL', row)
    return nil
  end
  for i = 1, #list, CHUNK do
    local reply = redis.pcall('HSET', row, unpack(list, i, math.min(i + CHUNK - 1, #list)))
    if type(reply) == 'table' and reply.err then return reply.err end
  end
  return nil
end

local function write_bulk(key, op, list)
  local colon = string.find(key, ':', 1, true)
  if not colon then return 'a bulk key has no colon' end
  local rows = {}
  for i = 1, #list, 2 do
    local attributes = {}
    if op ~= 'bulkremove' then
      for piece in string.gmatch(list[i + 1], '[^|]+') do
        local equals = string.find(piece, '=', 1, true)
        if not equals then return 'a bulk attribute has no `=`' end
        attributes[#attributes + 1] = string.sub(piece, 1, equals - 1)
        attributes[#attributes + 1] = string.sub(piece, equals + 1)
      end
    end
    rows[#rows + 1] = {KEYS[2] .. ':' .. string.sub(key, 1, colon - 1) .. ':' .. list[i], attributes}
  end
  for _, row in ipairs(rows) do
    local wrong = write_row(row[1], row[2], op == 'bulkremove')
    if wrong then return wrong end
  end
  return nil
end

local function apply(key, class, op, list)
  if BULK[op] then return write_bulk(key, op, list) end
  if WRITES[op] then
    return write_row(key == '' and KEYS[2] or KEYS[2] .. ':' .. key, list, class == 'D')
  end
  if not QUIET[op] then return 'the op is unknown' end
  return nil
end

local elements = redis.call('LRANGE', KEYS[1], -3 * tonumber(ARGV[1]), -1)
local result = {}
local i = #elements
while i >= 3 do
  local key, value, opstring = elements[i], elements[i - 1], elements[i - 2]
  local class, start = string.sub(opstring, 1, 1), string.sub(value, 1, 1)
  if (class == 'S' or class == 'D') and (start == '[' or start == '{') then
    local op = string.sub(opstring, 2)
    local list, wrong = decode(value)
    if not wrong and ARGV[2] ~= '0' then wrong = apply(key, class, op, list) end
    if wrong then
      result[#result + 1] = {wrong, key, opstring, value}
    else
      local entry = {'', key, op}
      for n = 1, #list do entry[n + 3] = list[n] end
      result[#result + 1] = entry
    end
    i = i - 3
  else
    -- Not the end of an entry: one element too many. Without it the entries behind it are whole again.
    result[#result + 1] = {'a stray element', key, '', ''}
    i = i - 1
  end
end
if #elements > i then redis.call('LTRIM', KEYS[1], 0, i - #elements - 1) end
return cmsgpack.pack(result)
