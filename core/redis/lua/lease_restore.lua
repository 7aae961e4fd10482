-- Takes the lease again for a session that the database says still carries its rack: when nobody holds it,
-- when it is this session's, or when it is of a lower fence.  Notes the session and its heartbeat.
-- KEYS, ARGV 1 to 9 as in include/floor_session.lua
-- Reply  1 the lease is this session's | 0 a claim of somebody else is under way, or a higher fence or a later
--        change of state (a pause, a completion) that was written down meanwhile stands
-- include lease
-- include event
-- include floor_session
local lock = pointer_of(KEYS[1])
local foreign = lock.user and lock.session ~= ARGV[3]
local claiming = lock.session == '' and lock.user ~= ARGV[1] and is_held(lock, ARGV[8])
if foreign and (claiming or higher_than_ours(lock.fence)) or later_change_stands() then
    return 0
end
write_lease(lock)
write_session('active')
note_heartbeat()
return 1
