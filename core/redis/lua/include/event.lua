-- Tells of what was committed: keeps the event for listeners who were away, and publishes it on each of its topics.
-- One stream for all topics: its ids are one order, so one id says what a listener of several topics saw last.
-- topics   one a line; warehouse, user: '' where it is of none
local function tell_event(topics, warehouse, user, message)
    redis.call('XADD', 'events:recent', 'MAXLEN', '~', 10000, '*',
        'topics', topics, 'warehouse', warehouse, 'user', user, 'message', message)
    for topic in string.gmatch(topics, '[^\n]+') do
        redis.call('PUBLISH', topic, message)
    end
end
