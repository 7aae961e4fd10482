-- Marks logins as ended, so that access tokens made for them are refused.
-- ARGV: seconds an access token can live, the families with blanks between
--       (the marks, family:ended:{family}, are named by them)
-- Reply: how many
local count = 0
for family in string.gmatch(ARGV[2], '%S+') do
    redis.call('SET', 'family:ended:' .. family, '1', 'EX', ARGV[1])
    count = count + 1
end
return count
