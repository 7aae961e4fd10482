-- Takes back what login_attempt counted for a login that was good.
-- KEYS: login:address:{address}, and for passwords login:fail:{username}
-- Reply: 1
if KEYS[2] then
    redis.call('DEL', KEYS[2])
end
-- Never below zero and never a new key: that one would have no end.
if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then
    redis.call('DECR', KEYS[1])
end
return 1
