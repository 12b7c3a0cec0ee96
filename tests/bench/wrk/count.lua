-- get.lua, counting what is not a 200.
local seen = {}
local base = assert(loadfile("tests/bench/wrk/get.lua"))
base()
local setup_number, report = setup, done

function setup(thread)
    setup_number(thread)
    seen[#seen + 1] = thread
end

function response(status)
    bad = (bad or 0) + (status == 200 and 0 or 1)
end

function done(summary, latency, requests)
    local total = 0
    for _, thread in ipairs(seen) do
        total = total + (thread:get("bad") or 0)
    end
    local write = io.write
    io.write = function(text) write((text:gsub("}\n$", ',"bad":' .. total .. "}\n"))) end
    report(summary, latency, requests)
    io.write = write
end
