-- Marks logins as ended, so that access tokens made for them are refused.
-- KEYS: family:ended:{family} of each
-- ARGV: seconds an access token can live
-- Reply: how many
for _, key in ipairs(KEYS) do
    redis.call('SET', key, '1', 'EX', ARGV[1])
end
return #KEYS
