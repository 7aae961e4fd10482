-- The oldest noted heartbeats, for the write-behind; nothing is removed.
-- KEYS   1 floor:heartbeats
-- ARGV   1 newest score wanted in ms ('' for all there are now), 2 how many to give
-- Reply  now in ms, then session and score in turn
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local newest = ARGV[1]
if newest == '' then
    newest = '+inf'
end
local reply = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', newest, 'WITHSCORES', 'LIMIT', 0, ARGV[2])
table.insert(reply, 1, now)
return reply
