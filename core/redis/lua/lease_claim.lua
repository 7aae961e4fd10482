-- Takes a rack for a claim: when nobody holds it, or it is this user's already.
-- KEYS[1]  rack:lock:{rack}
-- ARGV     1 user, 2 full name, 3 nonce of this claim, 4 TTL in ms
-- Reply    {0 held by another | 1 this user's, settled | 2 taken, user, full_name, session, since, fence, pttl}
-- A settled lease of this user is left as it is: the transaction decides what becomes of it.
-- include lease
local lock = pointer_of(KEYS[1])
if is_held(lock, ARGV[4]) and (lock.user ~= ARGV[1] or lock.session ~= '') then
    local outcome = lock.user == ARGV[1] and 1 or 0
    return {outcome, lock.user, lock.full_name, lock.session, lock.since, lock.fence, call('PTTL', KEYS[1])}
end
local since = redis_ms()
call('HSET', KEYS[1], 'user', ARGV[1], 'full_name', ARGV[2], 'session', '', 'fence', '0', 'since', since,
    'nonce', ARGV[3], 'paused', '')
call('PEXPIRE', KEYS[1], ARGV[4])
return {2, ARGV[1], ARGV[2], '', since, '0', tonumber(ARGV[4])}
