-- Heartbeats, any number at once.  For each: the account may, the session is the user's and active, the lease is the
-- session's: renew it.
-- KEYS   1 floor:heartbeats (the others are named by the heartbeats, a rack's lease by its session)
-- ARGV   1 lease TTL in ms, 2 session TTL in ms, 3 presence TTL in s, 4 last-seen TTL in s; then five a heartbeat:
--        user, generation of the token, family of the token's login, session, rack named by the client or ''
-- Reply  one a heartbeat: 0 renewed | 1 account unknown here | 2 account disabled | 3 token revoked |
--        4 session unknown here | 5 session of another user | 6 rack named is not the session's | 7 paused |
--        8 completed | 9 lease missing | 10 lease of somebody else
-- Written for few calls of redis.call(), each of which costs more than all Lua between them.
local call = redis.call
local lease_ttl, session_ttl, presence_ttl, last_seen_ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local time = call('TIME')
local now_s = time[1]
-- Milliseconds as text: Redis formats a Lua number with 17 digits, which costs more than the write.
local now_ms = now_s .. string.sub(1000000 + time[2], 2, 4)
local notes = {}

local function beat(user, generation, family, session, rack)
    local account = call('HMGET', 'auth:user:' .. user, 'enabled', 'generation', 'ended:' .. family)
    if account[1] ~= '1' or account[2] ~= generation then
        if not account[1] then return 1 end
        if account[1] ~= '1' then return 2 end
        -- A token newer than the state kept here: the state is stale.
        return tonumber(generation) > tonumber(account[2] or -1) and 1 or 3
    end
    if account[3] then return 3 end
    local session_key = 'session:lock:' .. session
    local kept = call('HMGET', session_key, 'user', 'rack', 'state')
    if kept[1] ~= user then
        return kept[1] and 5 or 4
    end
    if rack ~= '' and rack ~= kept[2] then
        return 6
    end
    if kept[3] ~= 'active' then
        return kept[3] == 'paused' and 7 or 8
    end
    local lease = 'rack:lock:' .. kept[2]
    local holder = call('HGET', lease, 'session')
    if holder ~= session then
        return holder and 10 or 9
    end
    call('PEXPIRE', lease, lease_ttl)
    call('PEXPIRE', session_key, session_ttl)
    -- Presence has one value: its time is renewed where it stands.
    local presence = 'user:heartbeat:' .. user
    if call('EXPIRE', presence, presence_ttl) == 0 then
        call('SET', presence, '1', 'EX', presence_ttl)
    end
    call('SET', 'user_status:' .. user .. ':last_seen', now_s, 'EX', last_seen_ttl)
    notes[#notes + 1] = now_ms
    notes[#notes + 1] = session
    return 0
end

local outcomes = {}
for i = 5, #ARGV, 5 do
    outcomes[#outcomes + 1] = beat(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4])
end
if #notes > 0 then
    call('ZADD', KEYS[1], unpack(notes))
end
return outcomes
