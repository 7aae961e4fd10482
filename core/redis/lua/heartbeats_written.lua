-- Forgets heartbeats that are written, unless the session has sent another since.
-- KEYS   1 floor:heartbeats
-- ARGV   1 lines of "score session"
-- Reply  how many were forgotten
local forgotten = 0
for score, session in string.gmatch(ARGV[1], '(%S+) ([^\n]+)\n') do
    local stands = redis.call('ZSCORE', KEYS[1], session)
    if stands and tonumber(stands) == tonumber(score) then
        redis.call('ZREM', KEYS[1], session)
        forgotten = forgotten + 1
    end
end
return forgotten
