-- Shared by the wrk scripts.  BENCH_REQUESTS names a file of "METHOD PATH TOKEN BODY" lines; each wrk thread
-- walks through its own part of them.  done() prints one line of JSON.
local M = {}

function M.load(threads, thread)
    local requests, n = {}, 0
    for line in io.lines(os.getenv("BENCH_REQUESTS")) do
        n = n + 1
        if n % threads == thread then
            local method, path, token, body = line:match("^(%S+) (%S+) (%S+) (.*)$")
            local headers = { ["Content-Type"] = "application/json" }
            if token ~= "-" then headers["Authorization"] = "Bearer " .. token end
            requests[#requests + 1] = wrk.format(method, path, headers, body ~= "-" and body or nil)
        end
    end
    return requests
end

local threads = 0
function setup(thread)
    thread:set("tid", threads)
    threads = threads + 1
end

function done(summary, latency)
    io.write(string.format('JSON {"requests":%d,"us":%d,"p50_us":%d,"p99_us":%d,"max_us":%d,"refused":%d,"socket":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
        summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write
        + summary.errors.timeout))
end

return M
