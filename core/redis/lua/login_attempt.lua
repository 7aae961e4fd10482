-- Counts a login before it is tried, so that guesses made at once are counted as well; a good login takes it back.
-- KEYS: login:address:{address}, and for passwords login:fail:{username}
-- ARGV: tries an address has a minute, tries an account has before waits begin to grow, longest wait in seconds,
--       seconds without a try after which an account's count is forgotten
-- Reply: 0 go on, else the seconds to wait
local by_address = tonumber(redis.call('GET', KEYS[1]) or '0')
if by_address >= tonumber(ARGV[1]) then
    local left = redis.call('PTTL', KEYS[1])
    if left < 0 then
        redis.call('PEXPIRE', KEYS[1], 60000)
        left = 60000
    end
    return math.max(1, math.ceil(left / 1000))
end
if KEYS[2] then
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
    local kept = redis.call('HMGET', KEYS[2], 'failures', 'next')
    local failures = tonumber(kept[1] or '0') + 1
    local next_try = tonumber(kept[2] or '0')
    if next_try > now then
        return math.ceil((next_try - now) / 1000)
    end
    local over = failures - tonumber(ARGV[2])
    local wait = 0
    if over >= 0 then
        wait = math.min(2 ^ math.min(over, 20), tonumber(ARGV[3])) * 1000
    end
    redis.call('HSET', KEYS[2], 'failures', failures, 'next', string.format('%.0f', now + wait))
    redis.call('EXPIRE', KEYS[2], ARGV[4])
end
if redis.call('INCR', KEYS[1]) == 1 then
    redis.call('PEXPIRE', KEYS[1], 60000)
end
return 0
