-- What the scripts have in common that write down a floor session as the database has committed it.
-- KEYS   1 rack:lock:{rack}, 2 session:lock:{session}, 3 floor:heartbeats
-- ARGV   1 user, 2 full name, 3 session, 4 fence, 5 since in ms, 6 rack, 7 version of the session,
--        8 lease TTL in ms, 9 session TTL in ms; to publish: 10 channel of the rack, 11 channel of the session, 12 message
local call = redis.call

-- Versions order changes of one session, fences those of the rack, whatever order they arrive in.
local function later_change_stands()
    local version = call('HGET', KEYS[2], 'version')
    return version and tonumber(version) > tonumber(ARGV[7])
end

local function higher_than_ours(fence)
    return tonumber(fence) > tonumber(ARGV[4])
end

local function write_lease()
    call('HSET', KEYS[1], 'user', ARGV[1], 'full_name', ARGV[2], 'session', ARGV[3], 'fence', ARGV[4],
        'since', ARGV[5], 'nonce', '')
    call('PEXPIRE', KEYS[1], ARGV[8])
end

local function write_session(state)
    call('HSET', KEYS[2], 'user', ARGV[1], 'rack', ARGV[6], 'fence', ARGV[4], 'state', state, 'version', ARGV[7])
    call('PEXPIRE', KEYS[2], ARGV[9])
end

local function note_heartbeat()
    local now = call('TIME')
    call('ZADD', KEYS[3], now[1] .. string.format('%03d', math.floor(now[2] / 1000)), ARGV[3])
end

local function publish()
    call('PUBLISH', ARGV[10], ARGV[12])
    call('PUBLISH', ARGV[11], ARGV[12])
end
