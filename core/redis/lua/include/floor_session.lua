-- What the scripts have in common that write down a floor session as the database has committed it.
-- Needs include lease; publish() also include event.
-- KEYS   1 rack:lock:{rack}, 2 session:lock:{session}, 3 floor:heartbeats
-- ARGV   1 user, 2 full name, 3 session, 4 fence, 5 since in ms, 6 rack, 7 version of the session,
--        8 lease TTL in ms, 9 session TTL in ms; to publish: 10 topics, one a line, 11 warehouse or '', 12 message
local own_lease = lease_key(ARGV[1], ARGV[3])

-- Versions order changes of one session, fences those of the rack, whatever order they arrive in.
local function later_change_stands()
    local version = call('HGET', KEYS[2], 'version')
    return version and tonumber(version) > tonumber(ARGV[7])
end

local function higher_than_ours(fence)
    return tonumber(fence) > tonumber(ARGV[4])
end

-- Whoever had the rack before has no lease of it any more.
local function write_pointer(before, paused)
    if before.user and before.session ~= '' and before.session ~= ARGV[3] then
        call('DEL', lease_key(before.user, before.session))
    end
    call('HSET', KEYS[1], 'user', ARGV[1], 'full_name', ARGV[2], 'session', ARGV[3], 'fence', ARGV[4],
        'since', ARGV[5], 'nonce', '', 'paused', paused)
    call('PEXPIRE', KEYS[1], ARGV[8])
end

local function write_lease(before)
    write_pointer(before, '')
    call('SET', own_lease, ARGV[6] .. '|' .. ARGV[4], 'PX', ARGV[8])
end

local function write_session(state)
    call('HSET', KEYS[2], 'user', ARGV[1], 'rack', ARGV[6], 'fence', ARGV[4], 'state', state, 'version', ARGV[7])
    call('PEXPIRE', KEYS[2], ARGV[9])
end

-- As heartbeats do: a noted session is named as its lease is, without "lease:".
local function note_heartbeat()
    call('ZADD', KEYS[3], redis_ms(), string.sub(own_lease, 7))
end

local function forget_heartbeat()
    call('ZREM', KEYS[3], string.sub(own_lease, 7))
end

local function publish()
    tell_event(ARGV[10], ARGV[11], ARGV[1], ARGV[12])
end
