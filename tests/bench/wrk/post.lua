-- Posts bodies of a file, "token<TAB>body" a line, each with an Idempotency-Key that never comes back.
-- Arguments: the file, the path, a word that no other run has, the line to begin with.
local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(args)
    rows, sent, first = {}, 0, tonumber(args[4]) + number * 131
    for line in io.lines(args[1]) do
        local token, body = line:match("^([^\t]+)\t(.+)$")
        rows[#rows + 1] = {
            "POST " .. args[2] .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\nAuthorization: Bearer " ..
                token .. "\r\nContent-Type: application/json\r\nContent-Length: " .. #body ..
                "\r\nIdempotency-Key: " .. args[3] .. "-" .. number .. "-",
            "\r\n\r\n" .. body,
        }
    end
end

function request()
    sent = sent + 1
    local row = rows[(first + sent) % #rows + 1]
    return row[1] .. sent .. row[2]
end

dofile("tests/bench/wrk/report.lua")
