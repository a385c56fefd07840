-- One checkout a request: buyers in turn, a product at random, a key of its own.
-- Arguments: a file of access tokens, a file of product ids, a word that no other run uses.
local tokens, products, run, n = {}, {}, "", 0

local function read(path, into)
  for line in io.lines(path) do into[#into + 1] = line end
end

function init(arguments)
  read(arguments[1], tokens)
  read(arguments[2], products)
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
  local product = products[math.random(#products)]
  return wrk.format("POST", "/api/orders/", headers, '{"items":[{"product_id":"' .. product .. '","quantity":1}]}')
end
