-- Writes down a committed change of a floor session's state (pause, resume, release, completion).
-- KEYS, ARGV 1 to 12 as in include/floor_session.lua, the lease TTL 0 when the rack is free;
-- ARGV   13 state (active, paused, completed, interrupted)
-- Reply  1 written | 0 a later change stands
-- include floor_session
if later_change_stands() then
    return 0
end
if ARGV[13] == 'interrupted' then
    -- Its next heartbeat must ask the database, which may let it go on.
    call('DEL', KEYS[2])
else
    write_session(ARGV[13])
end
local lease = call('HMGET', KEYS[1], 'session', 'fence')
if ARGV[8] == '0' then
    if lease[1] == ARGV[3] then
        call('DEL', KEYS[1])
    end
elseif not lease[1] or lease[1] == ARGV[3] or not higher_than_ours(lease[2]) then
    write_lease()
end
if ARGV[13] == 'active' then
    note_heartbeat()
else
    call('ZREM', KEYS[3], ARGV[3])
end
publish()
return 1
