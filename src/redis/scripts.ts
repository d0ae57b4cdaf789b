import { createHash } from "node:crypto";

/** A Lua script: sent by its hash, and whole only where the server does not know it yet. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

function script(source: string): Script {
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}

/**
 * Adds to counters: KEYS, and a delta for each; then, where any has one, a TTL for each. Answers a list: the sum, as
 * text past ±10^15 (where some clients round an integer reply), or an array with what is wrong: `overflow`, `type`, or
 * the word of Redis's error. A replica refuses all of it, as it refuses any write.
 *
 * INCRBY counts in 64 bits, so the sum, and the sum less the delta, are held against ±(2^53−1) and undone here, where
 * nobody can see it.
 */
export const INCR = script(`
local keys, argv, pcall, find = KEYS, ARGV, redis.pcall, string.find
local count = #keys
local max = 9007199254740991
local replies = {}
for i = 1, count do
  local key, delta, ttl = keys[i], argv[i], argv[count + i]
  local there = ttl and ttl ~= '0' and pcall('EXISTS', key)
  local sum
  if there == 0 then
    sum = pcall('SET', key, delta, 'PX', ttl)
    if sum.ok then sum = tonumber(delta) end
  elseif type(there) == 'table' then sum = there
  else sum = pcall('INCRBY', key, delta) end
  if type(sum) == 'number' then
    local before = sum - delta
    if sum > max or sum < -max or before > max or before < -max then
      pcall('INCRBY', key, string.format('%.0f', -delta))
      sum = {'overflow'}
    elseif sum > 1e15 or sum < -1e15 then sum = string.format('%.0f', sum) end
  else
    local err = sum.err
    local word = string.match(err, '^%u+')
    if word == 'READONLY' then return sum end
    if find(err, 'would overflow', 1, true) then word = 'overflow'
    elseif find(err, 'not an integer', 1, true) then
      local stored = pcall('GET', key)
      local integer = type(stored) == 'string' and (stored == '0' or string.match(stored, '^%-?[1-9]%d*$'))
      word = integer and 'overflow' or 'type'
    elseif find(err, 'The user executing the script', 1, true) then word = 'NOPERM' end
    sum = {word}
  end
  replies[i] = sum
end
return replies`);

/** Sets with a TTL each: KEYS, and a pair of value and TTL for each. */
export const SET_TTL = script(`
local keys, argv, call = KEYS, ARGV, redis.call
for i = 1, #keys do call('SET', keys[i], argv[2 * i - 1], 'PX', argv[2 * i]) end
return redis.status_reply('OK')`);

/** Sets with one TTL, all or nothing: KEYS, the TTL, and a value for each. */
export const MSET_TTL = script(`
for i = 1, #KEYS do redis.call('SET', KEYS[i], ARGV[i + 1], 'PX', ARGV[1]) end
return redis.status_reply('OK')`);

/** GETSET that keeps the TTL of a live key and gives a new one its own: value, TTL. */
export const GETSET_KEEP = script(`
local before = redis.call('GET', KEYS[1])
if before then
  redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL')
else
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return before`);

/** Compare and swap: old, new, TTL (0: none), keep (1 or 0). */
export const SWAP = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[4] == '1' then
  redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
elseif ARGV[3] == '0' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1`);

/** Compare and delete: the value. */
export const CUT = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`);

/** PERSIST that tells a missing key from one without a TTL. */
export const PERSIST = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('PERSIST', KEYS[1])
return 1`);
