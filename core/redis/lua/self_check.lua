-- Tries what the other scripts and commands do, on keys of its own, which are gone afterwards: for stockverifyctl check.
-- KEYS     1.. keys of every kind that is in use, with a name of this check's own
-- ARGV     1 a channel
-- Reply    "ok"
for _, key in ipairs(KEYS) do
    redis.call('SET', key, '1', 'PX', 1000)
    redis.call('PEXPIRE', key, 1000)
    redis.call('PEXPIREAT', key, tonumber(redis.call('TIME')[1]) * 1000 + 1000)
    redis.call('PTTL', key)
    redis.call('EXISTS', key)
    redis.call('DEL', key)
end
local key = KEYS[1]
redis.call('HSET', key, 'a', '1')
redis.call('HMGET', key, 'a')
redis.call('DEL', key)
redis.call('LPUSH', key, 'a')
redis.call('LTRIM', key, 0, 0)
redis.call('DEL', key)
redis.call('ZADD', key, 1, 'a')
redis.call('ZRANGEBYSCORE', key, 0, 1)
redis.call('DEL', key)
redis.call('XADD', key, '*', 'a', '1')
redis.call('XGROUP', 'CREATE', key, 'workers', '0')
redis.call('XREADGROUP', 'GROUP', 'workers', 'check', 'COUNT', 1, 'STREAMS', key, '>')
redis.call('XINFO', 'STREAM', key)
redis.call('XREAD', 'COUNT', 1, 'STREAMS', key, '0')
redis.call('XRANGE', key, '-', '+', 'COUNT', 1)
redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)
redis.call('DEL', key)
redis.call('SET', key, '1')
redis.call('GETDEL', key)
redis.call('INFO', 'server')
redis.call('TIME')
redis.call('PUBLISH', ARGV[1], 'check')
return 'ok'
