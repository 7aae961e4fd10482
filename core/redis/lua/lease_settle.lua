-- Writes down a claim that the database has committed: the lease is the session's, the session is known,
-- the heartbeat noted, the event published.
-- KEYS, ARGV 1 to 12 as in include/floor_session.lua; ARGV 13, 14 user and session that the claim displaced, or ''
-- Reply  1 settled | 0 a pointer of a higher fence, or a later change of this session's state, stands
-- include lease
-- include event
-- include floor_session
-- The fence decides: a pointer of a lower one, or of a claim under way, gives way to a committed claim.
if ARGV[14] ~= '' then
    call('DEL', lease_key(ARGV[13], ARGV[14]))
end
local lock = pointer_of(KEYS[1])
if lock.fence and higher_than_ours(lock.fence) or later_change_stands() then
    return 0
end
write_lease(lock)
write_session('active')
note_heartbeat()
publish()
return 1
