-- Tells of an event.
-- KEYS   1 events:recent
-- ARGV   1 topics, one a line, 2 warehouse or '', 3 user or '', 4 message
-- Reply  1
-- include event
tell_event(ARGV[1], ARGV[2], ARGV[3], ARGV[4])
return 1
