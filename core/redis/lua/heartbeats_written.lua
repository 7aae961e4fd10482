-- Forgets heartbeats that are written, unless the session has sent another since, and writes down what they tell of
-- their users: that they are there, when they were last seen, and that the session is in use.
-- KEYS   1 floor:heartbeats
-- ARGV   seven a heartbeat: score; name of the session's lease without "lease:"; user or '', session; until when presence,
--        last-seen and session's state are kept, in ms
-- Reply  how many were forgotten
-- Written for few calls and little Lua: others wait while it runs.
local call = redis.call
local names = {}
for i = 1, #ARGV, 7 do
    names[#names + 1] = ARGV[i + 1]
    local user = ARGV[i + 2]
    if user ~= '' then
        call('SET', 'user:heartbeat:' .. user, '1', 'PXAT', ARGV[i + 4])
        call('SET', 'user_status:' .. user .. ':last_seen', string.sub(ARGV[i], 1, -4), 'PXAT', ARGV[i + 5])
        call('PEXPIREAT', 'session:lock:' .. ARGV[i + 3], ARGV[i + 6])
    end
end
local stand = call('ZMSCORE', KEYS[1], unpack(names))
local forgotten = {}
for n, score in ipairs(stand) do
    if score == ARGV[n * 7 - 6] then
        forgotten[#forgotten + 1] = names[n]
    end
end
if #forgotten > 0 then
    call('ZREM', KEYS[1], unpack(forgotten))
end
return #forgotten
