-- post.lua at a pace: argument 5 is the mean pause in milliseconds before a connection posts again.
dofile("tests/bench/wrk/post.lua")
local start = init

function init(args)
    start(args)
    pause = tonumber(args[5])
    math.randomseed(number + 1)
end

function delay()
    return math.random(0, 2 * pause)
end
