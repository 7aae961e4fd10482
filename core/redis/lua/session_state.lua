-- Writes down a committed change of a floor session's state (pause, resume, release, completion, interruption).
-- KEYS, ARGV 1 to 12 as in include/floor_session.lua, the lease TTL 0 when the rack is free;
-- ARGV   13 state (active, paused, completed, interrupted)
-- Reply  1 written | 0 a later change stands
-- include lease
-- include event
-- include floor_session
if later_change_stands() then
    return 0
end
local state = ARGV[13]
if state == 'interrupted' then
    -- Its next heartbeat must ask the database, which may let it go on.
    call('DEL', KEYS[2])
else
    write_session(state)
end
if state ~= 'active' then
    call('DEL', own_lease)
    forget_heartbeat()
end
local lock = pointer_of(KEYS[1])
if ARGV[8] == '0' then
    if lock.session == ARGV[3] then
        call('DEL', KEYS[1])
    end
elseif not lock.user or lock.session == ARGV[3] or not higher_than_ours(lock.fence) then
    if state == 'active' then
        write_lease(lock)
        note_heartbeat()
    else
        write_pointer(lock, '1')
    end
end
publish()
return 1
