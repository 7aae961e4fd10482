-- Forgets heartbeats that are written, unless the session has sent another since, and writes down what they tell of
-- their users: that they are there, when they were last seen, and that the session is in use.
-- KEYS   1 floor:heartbeats
-- ARGV   1 presence TTL, 2 last-seen TTL, 3 session TTL, all in ms; 4 lines of "score session", the session named as its
--        lease is, without "lease:"
-- Reply  how many were forgotten
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- For as long as if it had been written with the heartbeat; milliseconds whole, for Redis takes no others.
local function keep(key, value, ttl, age)
    local left = string.format('%d', math.min(ttl, ttl - age))
    if tonumber(left) > 0 then
        call('SET', key, value, 'PX', left)
    end
end

local forgotten = 0
for score, name in string.gmatch(ARGV[4], '(%S+) ([^\n]+)\n') do
    local at = tonumber(score)
    local user, session = string.match(name, '^([^:]*):(.+)$')
    if user then
        user = string.gsub(user, '%%(%x%x)', function(digits) return string.char(tonumber(digits, 16)) end)
        keep('user:heartbeat:' .. user, '1', tonumber(ARGV[1]), now - at)
        keep('user_status:' .. user .. ':last_seen', string.format('%d', math.floor(at / 1000)), tonumber(ARGV[2]),
            now - at)
        call('PEXPIRE', 'session:lock:' .. session, ARGV[3])
    end
    local stands = call('ZSCORE', KEYS[1], name)
    if stands and tonumber(stands) == at then
        call('ZREM', KEYS[1], name)
        forgotten = forgotten + 1
    end
end
return forgotten
