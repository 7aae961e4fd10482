-- The next entry for a worker, streams in the order given; a group that is missing is made, from the stream's beginning.
-- An entry that has waited for long goes before those of streams above its own, unless something waits in the first.
-- KEYS   the streams
-- ARGV   1 group, 2 consumer, 3 how long is long in ms (0: order is all)
-- Reply  stream (1...), entry id, job, 1 where it had waited for long; or nil
local function read(stream)
    return redis.pcall('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', 1, 'STREAMS', stream, '>')
end

local function take(i, aged)
    local reply = read(KEYS[i])
    if reply and reply.err then
        if not string.find(reply.err, 'NOGROUP', 1, true) then
            return reply
        end
        redis.call('XGROUP', 'CREATE', KEYS[i], ARGV[1], '0', 'MKSTREAM')
        reply = read(KEYS[i])
    end
    if reply and reply[1] then
        local entry = reply[1][2][1]
        return { i, entry[1], entry[2][2], aged }
    end
    return nil
end

-- When the entry that is next in the stream was put there, in ms; nil for none.
local function next_since(stream)
    local groups = redis.pcall('XINFO', 'GROUPS', stream)
    local last = '0-0' -- a stream that nobody came to so far has no group
    if groups.err then
        return nil
    end
    for _, fields in ipairs(groups) do
        local group = {}
        for i = 1, #fields, 2 do
            group[fields[i]] = fields[i + 1]
        end
        if group.name == ARGV[1] then
            last = group['last-delivered-id']
        end
    end
    local entry = redis.call('XRANGE', stream, '(' .. last, '+', 'COUNT', 1)[1]
    return entry and tonumber(string.match(entry[1], '^%d+'))
end

-- The stream whose next entry has waited longest, and long enough; nil for none.
local function find_aged(ageing)
    if ageing == 0 or #KEYS == 1 or next_since(KEYS[1]) then
        return nil
    end
    local now = redis.call('TIME')
    local oldest, found = now[1] * 1000 + math.floor(now[2] / 1000) - ageing, nil
    for i = 2, #KEYS do
        local since = next_since(KEYS[i])
        if since and since <= oldest then
            oldest, found = since, i
        end
    end
    return found
end

local aged = find_aged(tonumber(ARGV[3]))
if aged then
    return take(aged, 1)
end
for i = 1, #KEYS do
    local taken = take(i, 0)
    if taken then
        return taken
    end
end
return nil
