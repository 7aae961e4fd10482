-- Writes down a claim that the database has committed: the lease carries the session, the session is known,
-- the heartbeat noted, the event published.
-- KEYS   1 rack:lock:{rack}, 2 session:lock:{session}, 3 floor:heartbeats
-- ARGV   1 user, 2 full name, 3 session, 4 fence, 5 since in ms, 6 rack, 7 version of the session,
--        8 lease TTL in ms, 9 session TTL in ms, 10 channel of the rack, 11 channel of the session, 12 message
-- Reply  1 settled | 0 a lease of a higher fence, or a later change of this session's state, stands
-- The fence decides: a lease of a lower one, or of a claim under way, gives way to a committed claim.
local lease = redis.call('HGET', KEYS[1], 'fence')
if lease and tonumber(lease) > tonumber(ARGV[4]) then
    return 0
end
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
redis.call('PUBLISH', ARGV[10], ARGV[12])
redis.call('PUBLISH', ARGV[11], ARGV[12])
return 1
