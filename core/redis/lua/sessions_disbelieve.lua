-- Drops what is kept of floor sessions that are not active on their racks by MongoDB, with the leases they have:
-- a change of state was committed and never written down here.  Their next heartbeats ask MongoDB.
-- ARGV   1 sessions, a line each
-- Reply  how many were believed active
-- One that became active again since MongoDB was asked loses its lease too: its next heartbeat restores it, and the
-- hold in MongoDB keeps the rack meanwhile.
local dropped = 0
for session in string.gmatch(ARGV[1], '([^\n]+)\n') do
    local key = 'session:lock:' .. session
    local kept = redis.call('HMGET', key, 'state', 'rack')
    if kept[1] == 'active' then
        local lease = 'rack:lock:' .. kept[2]
        if redis.call('HGET', lease, 'session') == session then
            redis.call('DEL', lease)
        end
        redis.call('DEL', key)
        dropped = dropped + 1
    end
end
return dropped
