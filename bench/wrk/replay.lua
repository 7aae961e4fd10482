-- Sends the lines of BENCH_REQUESTS over and over: heartbeats, the bare `return 200`.
local common = require("common")
local requests, n = nil, 0
function init() requests = common.load(2, tid) end
function request()
    n = n % #requests + 1
    return requests[n]
end
