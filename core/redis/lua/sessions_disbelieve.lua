-- Drops what is kept of floor sessions that are not active on their racks by MongoDB: their leases, and their state where
-- it says active.  A change was committed and never written down here, or a failover brought old keys back.  Their next
-- heartbeats ask MongoDB.
-- ARGV   1 sessions, a line each: named as their leases are, without "lease:"
-- Reply  how many were believed active
-- One that became active again since MongoDB was asked loses its lease too: its next heartbeat restores it, and the
-- hold in MongoDB keeps the rack meanwhile.
local call = redis.call

local function drop_pointer(rack, session)
    local lock = call('HMGET', 'rack:lock:' .. rack, 'session', 'paused')
    if lock[1] == session and lock[2] ~= '1' then
        call('DEL', 'rack:lock:' .. rack)
    end
end

local dropped = 0
for name in string.gmatch(ARGV[1], '([^\n]+)\n') do
    local session = string.match(name, '^[^:]*:(.+)$') or name
    local lease = call('GET', 'lease:' .. name)
    local kept = call('HMGET', 'session:lock:' .. session, 'state', 'rack')
    local active = kept[1] == 'active'
    local rack = lease and string.match(lease, '^(.*)|%d+$') or active and kept[2]
    if lease then
        call('DEL', 'lease:' .. name)
    end
    if rack then
        drop_pointer(rack, session)
    end
    if active then
        call('DEL', 'session:lock:' .. session)
    end
    if lease or active then
        dropped = dropped + 1
    end
end
return dropped
