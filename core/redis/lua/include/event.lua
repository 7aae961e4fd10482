-- Tells of what was committed: keeps the event for listeners who were away, and publishes it on each of its topics.
-- One stream for all topics: its ids are one order, so one id says what a listener of several topics saw last.
-- EVENTS_KEPT is a number of the settings (core/redis/scripts.c).
-- topics   one a line; warehouse, user: '' where it is of none
local function tell_event(topics, warehouse, user, message)
    redis.call('XADD', 'events:recent', 'MAXLEN', '~', EVENTS_KEPT, '*',
        'topics', topics, 'warehouse', warehouse, 'user', user, 'message', message)
    for topic in string.gmatch(topics, '[^\n]+') do
        redis.call('PUBLISH', topic, message)
    end
end
