-- Keeps an account's state, unless a newer one is kept already.
-- KEYS: auth:user:{id}
-- ARGV: version, TTL in seconds, enabled (1 or 0), generation, role, username, full_name, warehouse
-- Reply: 1 stored, 0 a newer one stands
local stored = redis.call('HGET', KEYS[1], 'version')
if stored and tonumber(stored) > tonumber(ARGV[1]) then
    return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'enabled', ARGV[3], 'generation', ARGV[4], 'role', ARGV[5],
    'username', ARGV[6], 'full_name', ARGV[7], 'warehouse', ARGV[8])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
