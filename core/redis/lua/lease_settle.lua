-- Writes down a claim that the database has committed: the lease carries the session, the session is known,
-- the heartbeat noted, the event published.
-- KEYS, ARGV 1 to 12 as in include/floor_session.lua
-- Reply  1 settled | 0 a lease of a higher fence, or a later change of this session's state, stands
-- include floor_session
-- The fence decides: a lease of a lower one, or of a claim under way, gives way to a committed claim.
local fence = call('HGET', KEYS[1], 'fence')
if fence and higher_than_ours(fence) or later_change_stands() then
    return 0
end
write_lease()
write_session('active')
note_heartbeat()
publish()
return 1
