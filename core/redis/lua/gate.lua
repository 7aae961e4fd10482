-- May this user go on?  One round trip for account, login and rate.
-- KEYS: auth:user:{id}, and, when counted, the rate counter
-- ARGV: the token's generation, the family of its login or '', the limit of the counter a minute
-- Reply: {0, role, username, full_name, warehouse} passed; {1, since} the account's state is not (or no longer) known
--        here; {2} disabled; {3} revoked; {4, seconds to wait} limited
-- `since` tells auth_state_store.lua whether Redis was emptied while MongoDB was asked.
local function unknown()
    local since = redis.call('HGET', KEYS[1], 'since')
    if not since then
        local now = redis.call('TIME')
        since = now[1] .. string.sub(1000000 + now[2], 2)
        redis.call('HSET', KEYS[1], 'since', since)
        if redis.call('PTTL', KEYS[1]) < 0 then
            redis.call('EXPIRE', KEYS[1], 60)
        end
    end
    return {1, since}
end
local account = redis.call('HMGET', KEYS[1], 'enabled', 'generation', 'role', 'username', 'full_name', 'warehouse',
    'logins', 'ended:' .. ARGV[2])
-- A state without `logins` was kept by a version that had the marks of the ended logins elsewhere.
if not account[1] or not account[2] or not account[7] then
    return unknown()
end
if account[1] ~= '1' then
    return {2}
end
if account[2] ~= ARGV[1] then
    -- A token newer than what is kept here: this state is stale, MongoDB must be asked.
    if tonumber(ARGV[1]) > tonumber(account[2]) then
        return unknown()
    end
    return {3}
end
if account[8] then
    return {3}
end
if KEYS[2] then
    local count = redis.call('INCR', KEYS[2])
    if count == 1 then
        redis.call('PEXPIRE', KEYS[2], 60000)
    end
    if count > tonumber(ARGV[3]) then
        local left = redis.call('PTTL', KEYS[2])
        if left < 0 then
            redis.call('PEXPIRE', KEYS[2], 60000)
            left = 60000
        end
        return {4, math.ceil(left / 1000)}
    end
end
return {0, account[3], account[4], account[5], account[6]}
