-- Whether somebody holds a rack here.
-- KEYS[1]  rack:lock:{rack}
-- ARGV     1 lease TTL in ms
-- Reply    1 held | 0 not
-- include lease
return is_held(pointer_of(KEYS[1]), ARGV[1]) and 1 or 0
