-- Takes a rack's lease for a claim: when it is free, or already this user's.
-- KEYS[1]  rack:lock:{rack}
-- ARGV     1 user, 2 full name, 3 nonce of this claim, 4 TTL in ms
-- Reply    {0 held by another | 1 this user's, settled | 2 taken, user, full_name, session, since, fence, pttl}
-- A settled lease of this user is left as it is: the transaction decides what becomes of it.
local lease = redis.call('HMGET', KEYS[1], 'user', 'full_name', 'session', 'since', 'fence')
if lease[1] and (lease[1] ~= ARGV[1] or lease[3] ~= '') then
    local outcome = lease[1] == ARGV[1] and 1 or 0
    return {outcome, lease[1], lease[2], lease[3], lease[4], lease[5], redis.call('PTTL', KEYS[1])}
end
local now = redis.call('TIME')
local since = now[1] .. string.format('%03d', math.floor(now[2] / 1000))
redis.call('HSET', KEYS[1], 'user', ARGV[1], 'full_name', ARGV[2], 'session', '', 'fence', '0',
    'since', since, 'nonce', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {2, ARGV[1], ARGV[2], '', since, '0', tonumber(ARGV[4])}
