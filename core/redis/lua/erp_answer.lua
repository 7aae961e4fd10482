-- What the ERP said of a code: kept for a moment, so that all who wait see it, and what is cached of it forgotten.
-- KEYS   1 erp:answer:{code}, 2 erp:asked:{code}, then item:{barcode} for each code that is another now
-- ARGV   1 answer, 2 how long it is kept in ms
-- Reply  1
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('DEL', KEYS[2], unpack(KEYS, 3))
return 1
