-- Asks the workers to look a code up in the ERP, or says what came of it. Asked again and again until there is an
-- answer: one question goes to the ERP, however many ask.
-- KEYS   1 erp:answer:{code}, 2 erp:asked:{code}, 3 erp:questions (list), 4 erp:state
-- ARGV   1 code, 2 how long the ERP may take in ms, 3 how many questions may wait
-- Reply  found ITEM_CODE, none, timeout (the answer), off (nobody asks an ERP here), or waiting
local answer = redis.call('GET', KEYS[1])
if answer then
    return answer
end
local state = redis.call('GET', KEYS[4])
if not state then
    return 'off'
end
if redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[2]) then
    if redis.call('RPUSH', KEYS[3], ARGV[1]) > tonumber(ARGV[3]) then
        redis.call('LPOP', KEYS[3])
    end
end
return 'waiting'
