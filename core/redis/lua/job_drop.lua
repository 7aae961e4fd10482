-- Removes entries whose jobs MongoDB has decided about.
-- KEYS   1 jobs:{queue}, 2 jobs:entries
-- ARGV   1 group, 2 lines of "entry job"
-- Reply  how many were there
local dropped = 0
for id, job in string.gmatch(ARGV[2], '(%S+) ([^\n]+)\n') do
    local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
    -- A stream that was emptied begins its ids anew: the id may be another job's entry by now.
    if not entry or entry[2][2] == job then
        redis.pcall('XACK', KEYS[1], ARGV[1], id)
        dropped = dropped + redis.call('XDEL', KEYS[1], id)
    end
    if redis.call('HGET', KEYS[2], job) == id then
        redis.call('HDEL', KEYS[2], job)
    end
end
return dropped
