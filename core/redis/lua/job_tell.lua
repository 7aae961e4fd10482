-- What became of a job: a message for who listens, and a count where it ended.
-- KEYS   1 jobs:ended (hash: "kind outcome" -> how many)
-- ARGV   1 topic, 2 message, 3 "kind outcome", '' where it goes on
-- Reply  1
-- include event
if ARGV[3] ~= '' then
    redis.call('HINCRBY', KEYS[1], ARGV[3], 1)
end
tell_event(ARGV[1], '', '', ARGV[2])
return 1
