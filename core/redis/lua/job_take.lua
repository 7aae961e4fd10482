-- The next entry for a worker, streams in the order given; a group that is missing is made, from the stream's beginning.
-- KEYS   the streams
-- ARGV   1 group, 2 consumer
-- Reply  stream (1...), entry id, job; or nil
for i, stream in ipairs(KEYS) do
    local reply = redis.pcall('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', 1, 'STREAMS', stream, '>')
    if reply and reply.err then
        if not string.find(reply.err, 'NOGROUP', 1, true) then
            return reply
        end
        redis.call('XGROUP', 'CREATE', stream, ARGV[1], '0', 'MKSTREAM')
        reply = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', 1, 'STREAMS', stream, '>')
    end
    if reply and reply[1] then
        local entry = reply[1][2][1]
        return { i, entry[1], entry[2][2] }
    end
end
return nil
