-- For wrk: sends the pictures of the folder PICTURES in turn, with the bearer token KEY if there is one.
-- Prints one line of JSON; times are in milliseconds.

local pictures = {}
for path in io.popen('ls "' .. os.getenv("PICTURES") .. '"/*.png'):lines() do
  local file = assert(io.open(path, "rb"))
  pictures[#pictures + 1] = file:read("*a")
  file:close()
end

local headers = { ["Content-Type"] = "image/png" }
if os.getenv("KEY") then
  headers["Authorization"] = "Bearer " .. os.getenv("KEY")
end

local turn = 0
request = function()
  turn = turn % #pictures + 1
  return wrk.format("PUT", nil, headers, pictures[turn])
end

done = function(summary, latency)
  local errors = summary.errors
  local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format('{"answered": %d, "failed": %d, "seconds": %f, "p95": %f}\n',
    summary.requests - errors.status, failed, summary.duration / 1e6, latency:percentile(95) / 1e3))
end
