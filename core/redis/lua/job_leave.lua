-- Forgets consumers that have nothing pending: one by name, and those not heard of for long.
-- KEYS   1 jobs:{queue}
-- ARGV   1 group, 2 consumer ('' for none), 3 idle for so long in ms
-- Reply  how many were forgotten
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
if consumers.err then
    return 0
end
local forgotten = 0
for _, fields in ipairs(consumers) do
    local consumer = {}
    for i = 1, #fields, 2 do
        consumer[fields[i]] = fields[i + 1]
    end
    if consumer.pending == 0 and (consumer.name == ARGV[2] or consumer.idle >= tonumber(ARGV[3])) then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer.name)
        forgotten = forgotten + 1
    end
end
return forgotten
