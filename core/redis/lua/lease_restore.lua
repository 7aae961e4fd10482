-- Takes the lease again for a session that the database says still carries its rack: when nobody has it,
-- when it is this session's, or when it is of a lower fence.  Notes the session and its heartbeat.
-- KEYS   1 rack:lock:{rack}, 2 session:lock:{session}, 3 floor:heartbeats
-- ARGV   1 user, 2 full name, 3 session, 4 fence, 5 since in ms, 6 rack, 7 version of the session,
--        8 lease TTL in ms, 9 session TTL in ms
-- Reply  1 the lease is this session's | 0 a claim of somebody else is under way or a higher fence stands
local lease = redis.call('HMGET', KEYS[1], 'session', 'fence', 'user')
if lease[1] and lease[1] ~= ARGV[3] then
    if lease[1] == '' and lease[3] ~= ARGV[1] then
        return 0
    end
    if tonumber(lease[2]) > tonumber(ARGV[4]) then
        return 0
    end
end
-- A later change of state (a pause, a completion) that was written down meanwhile stands.
local version = redis.call('HGET', KEYS[2], 'version')
if version and tonumber(version) > tonumber(ARGV[7]) then
    return 0
end
redis.call('HSET', KEYS[1], 'user', ARGV[1], 'full_name', ARGV[2], 'session', ARGV[3], 'fence', ARGV[4],
    'since', ARGV[5], 'nonce', '')
redis.call('PEXPIRE', KEYS[1], ARGV[8])
redis.call('HSET', KEYS[2], 'user', ARGV[1], 'rack', ARGV[6], 'fence', ARGV[4], 'state', 'active', 'version', ARGV[7])
redis.call('PEXPIRE', KEYS[2], ARGV[9])
local now = redis.call('TIME')
redis.call('ZADD', KEYS[3], now[1] .. string.format('%03d', math.floor(now[2] / 1000)), ARGV[3])
return 1
