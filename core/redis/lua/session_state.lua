-- Writes down a committed change of a floor session's state (pause, resume, release, completion).
-- KEYS   1 rack:lock:{rack}, 2 session:lock:{session}, 3 floor:heartbeats
-- ARGV   1 user, 2 full name, 3 session, 4 fence, 5 since in ms, 6 rack, 7 version of the session,
--        8 lease TTL in ms (0: the rack is free), 9 session TTL in ms, 10 channel of the rack,
--        11 channel of the session, 12 message, 13 state (active, paused, completed, interrupted)
-- Reply  1 written | 0 a later change stands
-- Versions order changes of one session, fences those of the rack, whatever order they arrive in.
local version = redis.call('HGET', KEYS[2], 'version')
if version and tonumber(version) > tonumber(ARGV[7]) then
    return 0
end
if ARGV[13] == 'interrupted' then
    -- Its next heartbeat must ask the database, which may let it go on.
    redis.call('DEL', KEYS[2])
else
    redis.call('HSET', KEYS[2], 'user', ARGV[1], 'rack', ARGV[6], 'fence', ARGV[4], 'state', ARGV[13],
        'version', ARGV[7])
    redis.call('PEXPIRE', KEYS[2], ARGV[9])
end
local lease = redis.call('HMGET', KEYS[1], 'session', 'fence')
if ARGV[8] == '0' then
    if lease[1] == ARGV[3] then
        redis.call('DEL', KEYS[1])
    end
elseif not lease[1] or lease[1] == ARGV[3] or tonumber(lease[2]) <= tonumber(ARGV[4]) then
    redis.call('HSET', KEYS[1], 'user', ARGV[1], 'full_name', ARGV[2], 'session', ARGV[3], 'fence', ARGV[4],
        'since', ARGV[5], 'nonce', '')
    redis.call('PEXPIRE', KEYS[1], ARGV[8])
end
if ARGV[13] == 'active' then
    local now = redis.call('TIME')
    redis.call('ZADD', KEYS[3], now[1] .. string.format('%03d', math.floor(now[2] / 1000)), ARGV[3])
else
    redis.call('ZREM', KEYS[3], ARGV[3])
end
redis.call('PUBLISH', ARGV[10], ARGV[12])
redis.call('PUBLISH', ARGV[11], ARGV[12])
return 1
