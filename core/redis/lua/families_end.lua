-- Marks logins of a user as ended, so that access tokens made for them are refused.
-- KEYS: auth:user:{id}
-- ARGV: the families with blanks between
-- Reply: how many were marked
-- Where nothing of the account is kept there is nothing to mark: whoever asks MongoDB from now on learns the ends from
-- it, and what somebody asked before is not kept (auth_state_store.lua).
if redis.call('EXISTS', KEYS[1]) == 0 then
    return 0
end
local count = 0
for family in string.gmatch(ARGV[1], '%S+') do
    redis.call('HSET', KEYS[1], 'ended:' .. family, '1')
    count = count + 1
end
return count
