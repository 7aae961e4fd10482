-- Keeps an account's state, unless a newer one is kept already.
-- KEYS: auth:user:{id}
-- ARGV: version, TTL in seconds, enabled (1 or 0), generation, role, username, full_name, warehouse; from who asked
--       MongoDB for all of it also: what the gate replied as `since` before, the account's ended logins with blanks
--       between
-- Reply: 1 stored, 0 not
-- The marks (ended:{family}) are fields of the state, so that one HMGET answers, and go with it.  A state without
-- them would let tokens of ended logins pass.  So where no state stands, only who brings them may write one, and only if Redis was not emptied after they were read; a change leaves its version, against
-- older ones.
local stored = redis.call('HMGET', KEYS[1], 'version', 'enabled', 'since')
if stored[1] and tonumber(stored[1]) > tonumber(ARGV[1]) then
    return 0
end
local asked = ARGV[9]
if asked then
    if stored[3] ~= asked then
        return 0
    end
    redis.call('HSET', KEYS[1], 'logins', '1')
    for family in string.gmatch(ARGV[10], '%S+') do
        redis.call('HSET', KEYS[1], 'ended:' .. family, '1')
    end
elseif not stored[2] then
    redis.call('HSET', KEYS[1], 'version', ARGV[1])
    redis.call('EXPIRE', KEYS[1], ARGV[2])
    return 0
end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'enabled', ARGV[3], 'generation', ARGV[4], 'role', ARGV[5],
    'username', ARGV[6], 'full_name', ARGV[7], 'warehouse', ARGV[8])
-- A change does not renew the time: a mark that could not be written is found by the next who asks.
if asked then
    redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return 1
