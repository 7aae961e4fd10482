-- One heartbeat: the account may, the session is the user's and active, the lease is the session's: renew it.
-- KEYS   1 auth:user:{user}, 2 session:lock:{session}, 3 user:heartbeat:{user}, 4 user_status:{user}:last_seen,
--        5 floor:heartbeats, 6 family:ended:{family} of the token's login
--        (the rack's lease, rack:lock:{rack}, is named by the session)
-- ARGV   1 generation of the token, 2 user, 3 session, 4 rack named by the client or '', 5 lease TTL in ms,
--        6 session TTL in ms, 7 presence TTL in s, 8 last-seen TTL in s
-- Reply  0 renewed | 1 account unknown here | 2 account disabled | 3 token revoked | 4 session unknown here |
--        5 session of another user | 6 rack named is not the session's | 7 paused | 8 completed |
--        9 lease missing | 10 lease of somebody else
local call = redis.call
local account = call('HMGET', KEYS[1], 'enabled', 'generation')
if account[1] ~= '1' or account[2] ~= ARGV[1] then
    if not account[1] then return 1 end
    if account[1] ~= '1' then return 2 end
    -- A token newer than the state kept here: the state is stale.
    return tonumber(ARGV[1]) > tonumber(account[2] or -1) and 1 or 3
end
if call('EXISTS', KEYS[6]) == 1 then return 3 end
local session = call('HMGET', KEYS[2], 'user', 'rack', 'state')
if session[1] ~= ARGV[2] then
    return session[1] and 5 or 4
end
if ARGV[4] ~= '' and ARGV[4] ~= session[2] then
    return 6
end
if session[3] ~= 'active' then
    return session[3] == 'paused' and 7 or 8
end
local lease = 'rack:lock:' .. session[2]
local holder = call('HGET', lease, 'session')
if holder ~= ARGV[3] then
    return holder and 10 or 9
end
call('PEXPIRE', lease, ARGV[5])
call('PEXPIRE', KEYS[2], ARGV[6])
local now = call('TIME')
call('SET', KEYS[3], '1', 'EX', ARGV[7])
call('SET', KEYS[4], now[1], 'EX', ARGV[8])
-- Milliseconds as text: Redis formats a Lua number with 17 digits, which costs more than the write.
call('ZADD', KEYS[5], now[1] .. string.sub(1000000 + now[2], 2, 4), ARGV[3])
return 0
