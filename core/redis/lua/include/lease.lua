-- What the scripts about leases have in common: their names, the rack's pointer, and whether a rack is held.
-- lease:{user}:{session} holds "rack|fence" for as long as its session may be silent; rack:lock:{rack} points to it.
local call = redis.call

-- A ':' ends the user in a lease's name, so none of the user's own is left (sv_lease_key() likewise).
local function lease_key(user, session)
    return 'lease:' .. string.gsub(user, '[%%:]', { ['%'] = '%25', [':'] = '%3A' }) .. ':' .. session
end

-- Milliseconds as text: Redis formats a Lua number with 17 digits.
local function redis_ms()
    local now = call('TIME')
    return now[1] .. string.sub(1000000 + now[2], 2, 4)
end

local function pointer_of(rack_key)
    local lock = call('HMGET', rack_key, 'user', 'full_name', 'session', 'since', 'fence', 'paused')
    return { user = lock[1], full_name = lock[2], session = lock[3], since = lock[4], fence = lock[5],
        paused = lock[6] == '1' }
end

-- The one test of whether somebody holds a rack: its pointer is paused, or is a claim under way younger than a lease,
-- or its session's lease exists.  The pointer's own TTL decides nothing: late heartbeats prolong it.
local function is_held(pointer, lease_ttl_ms)
    if not pointer.user then
        return false
    end
    if pointer.paused then
        return true
    end
    if pointer.session == '' then
        return redis_ms() - pointer.since < tonumber(lease_ttl_ms)
    end
    return call('EXISTS', lease_key(pointer.user, pointer.session)) == 1
end
