-- Puts jobs into a queue's stream, unless their entry is there, and wakes idle workers.
-- KEYS   1 jobs:{queue}, 2 jobs:entries (hash: job -> its entry's id), 3 jobs:wake:{queue}
-- ARGV   1 group, 2 'keep' an entry that is there or 'replace' it, 3 job ids, a line each
-- Reply  how many entries were added
local added = 0
for job in string.gmatch(ARGV[3], '([^\n]+)\n') do
    local id = redis.call('HGET', KEYS[2], job)
    local stands = id and redis.call('XRANGE', KEYS[1], id, id)[1]
    -- A stream that was emptied begins its ids anew: the id may be another job's entry by now.
    if stands and stands[2][2] ~= job then
        stands = nil
    end
    if stands and ARGV[2] == 'replace' then
        redis.pcall('XACK', KEYS[1], ARGV[1], id)
        redis.call('XDEL', KEYS[1], id)
        stands = nil
    end
    if not stands then
        id = redis.call('XADD', KEYS[1], '*', 'job', job)
        redis.call('HSET', KEYS[2], job, id)
        redis.call('LPUSH', KEYS[3], job)
        added = added + 1
    end
end
if added > 0 then
    redis.call('LTRIM', KEYS[3], 0, 63)
end
return added
