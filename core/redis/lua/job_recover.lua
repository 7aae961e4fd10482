-- Entries that were given to a worker and not touched since: takes some over, for their jobs to be looked at.
-- KEYS   1 jobs:{queue}
-- ARGV   1 group, 2 consumer that takes them, 3 idle for so long in ms, 4 cursor ('0-0' at first), 5 how many
-- Reply  next cursor ('0-0' at the end), then entry id and job in turn
local reply = redis.pcall('XAUTOCLAIM', KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], 'COUNT', ARGV[5])
if reply.err then
    if string.find(reply.err, 'NOGROUP', 1, true) then
        return { '0-0' }
    end
    return reply
end
local found = { reply[1] }
for _, entry in ipairs(reply[2]) do
    if entry and entry[2] then
        found[#found + 1] = entry[1]
        found[#found + 1] = entry[2][2]
    end
end
return found
