-- What became of a job: a message for who listens, and a count where it ended.
-- KEYS   1 jobs:ended (hash: "kind outcome" -> how many)
-- ARGV   1 topic, 2 whose it is or '', 3 message, 4 "kind outcome", '' where it goes on
-- Reply  1
-- include event
if ARGV[4] ~= '' then
    redis.call('HINCRBY', KEYS[1], ARGV[4], 1)
end
tell_event(ARGV[1], '', ARGV[2], ARGV[3])
return 1
