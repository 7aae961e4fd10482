-- A batch of 100 new records a request.  BENCH_SESSIONS: lines "SESSION TOKEN"; BENCH_SERIALS: serials a record;
-- BENCH_ITEMS: how many items BENCH-<n> there are; BENCH_NONCE keeps the ids of one run apart, and BENCH_FIRST_ROUND,
-- the hundred that a session counts first, its items: an item counted again in its session is a conflict.
require("common")
local sessions, n = {}, 0
local serials, items = tonumber(os.getenv("BENCH_SERIALS") or "0"), tonumber(os.getenv("BENCH_ITEMS") or "20000")
local first_round = tonumber(os.getenv("BENCH_FIRST_ROUND") or "0")
local record = '{"client_record_id":"%s-%d","session_id":"%s","item_code":"BENCH-%05d","verified_qty":%d,"damage_qty":%d,'
    .. '"status":"finalized","created_at":"2026-01-05T08:%02d:00Z","updated_at":"2026-01-05T09:%02d:00Z","partial":false'
function init()
    for line in io.lines(os.getenv("BENCH_SESSIONS")) do
        local session, token = line:match("^(%S+) (%S+)$")
        sessions[#sessions + 1] = { id = session, headers = { ["Authorization"] = "Bearer " .. token,
                                                              ["Content-Type"] = "application/json" } }
    end
end
function request()
    -- Every request has a session of its own, so that no item is counted twice in one.
    local session = sessions[(n * 2 + tid) % #sessions + 1]
    local round = first_round + math.floor((n * 2 + tid) / #sessions)
    local id = os.getenv("BENCH_NONCE") .. "-" .. tid .. "-" .. n
    local out = {}
    n = n + 1
    for i = 1, 100 do
        local text = record:format(id, i, session.id, (round * 100 + i) % items, i % 50 + 2, i % 2, i % 60, i % 60)
        if serials > 0 then
            local list = {}
            for s = 1, serials do list[s] = '"SN-' .. id .. "-" .. i .. "-" .. s .. '"' end
            text = text .. ',"serial_numbers":[' .. table.concat(list, ",") .. "]"
        end
        out[i] = text .. "}"
    end
    return wrk.format("POST", "/api/sync/batch", session.headers,
        '{"batch_id":"' .. id .. '","records":[' .. table.concat(out, ",") .. "]}")
end
