-- One checkout a request: buyers in turn, products at random, a key of its own.
-- Arguments: a file of access tokens, a file of product ids (neighbours are of different sellers), a word that no
-- other run uses, lines per cart.
local tokens, products, run, lines, n = {}, {}, "", 1, 0

local function read(path, into)
  for line in io.lines(path) do into[#into + 1] = line end
end

function init(arguments)
  read(arguments[1], tokens)
  read(arguments[2], products)
  run, lines = arguments[3], tonumber(arguments[4])
  math.randomseed(20)
end

local function cart()
  local first, items = math.random(#products), {}
  for i = 1, lines do
    items[i] = '{"product_id":"' .. products[(first + i - 2) % #products + 1] .. '","quantity":1}'
  end
  return '{"items":[' .. table.concat(items, ",") .. ']}'
end

function request()
  n = n + 1
  local headers = {
    ["Authorization"] = "Bearer " .. tokens[n % #tokens + 1],
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = run .. "-" .. n,
  }
  return wrk.format("POST", "/api/orders/", headers, cart())
end
