-- Gets the paths of a file, "token<TAB>path" a line; a token "-" sends none. Argument: the file.
local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(args)
    rows, sent = {}, 0
    for line in io.lines(args[1]) do
        local token, path = line:match("^([^\t]+)\t(.+)$")
        local authorization = token == "-" and "" or "\r\nAuthorization: Bearer " .. token
        rows[#rows + 1] = "GET " .. path .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. authorization .. "\r\n\r\n"
    end
end

function request()
    sent = sent + 1
    return rows[(sent + number * 131) % #rows + 1]
end

dofile("tests/bench/wrk/report.lua")
