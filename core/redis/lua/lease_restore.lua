-- Takes the lease again for a session that the database says still carries its rack: when nobody has it,
-- when it is this session's, or when it is of a lower fence.  Notes the session and its heartbeat.
-- KEYS, ARGV 1 to 9 as in include/floor_session.lua
-- Reply  1 the lease is this session's | 0 a claim of somebody else is under way, or a higher fence or a later
--        change of state (a pause, a completion) that was written down meanwhile stands
-- include floor_session
local lease = call('HMGET', KEYS[1], 'session', 'fence', 'user')
local foreign = lease[1] and lease[1] ~= ARGV[3]
local claiming = lease[1] == '' and lease[3] ~= ARGV[1]
if foreign and (claiming or higher_than_ours(lease[2])) or later_change_stands() then
    return 0
end
write_lease()
write_session('active')
note_heartbeat()
return 1
