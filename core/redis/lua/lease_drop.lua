-- Gives back the lease of a claim that failed: only while it is still this claim's and unsettled.
-- KEYS[1]  rack:lock:{rack}
-- ARGV     1 nonce of the claim
-- Reply    1 dropped | 0 not this claim's
local lease = redis.call('HMGET', KEYS[1], 'nonce', 'session')
if lease[1] == ARGV[1] and lease[2] == '' then
    return redis.call('DEL', KEYS[1])
end
return 0
