-- One checkout a request: buyers in turn, a cart at random, a key of its own.
-- Arguments: a file of access tokens, a file of carts (bodies), a word that no other run uses.
local tokens, carts, run, n = {}, {}, "", 0

local function read(path, into)
  for line in io.lines(path) do into[#into + 1] = line end
end

function init(arguments)
  read(arguments[1], tokens)
  read(arguments[2], carts)
  run = arguments[3]
  math.randomseed(20)
end

function request()
  n = n + 1
  local headers = {
    ["Authorization"] = "Bearer " .. tokens[n % #tokens + 1],
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = run .. "-" .. n,
  }
  return wrk.format("POST", "/api/orders/", headers, carts[math.random(#carts)])
end
