import { createHash } from "node:crypto";
import type { Argument } from "./replies.js";

/** A Lua script. It is sent by its hash once the connection knows that the server has it. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/**
 * The scripts that the server behind one connection is known to have. Until a reply has proven it, the source itself is
 * sent: to repeat a call after NOSCRIPT would put it behind later calls.
 */
export class KnownScripts {
  readonly #known = new Set<Script>();

  /**
   * Makes an encoded `EVALSHA` an `EVAL` of the source, unless the server has the script.
   *
   * @returns the script that the command runs, if it runs one.
   */
  prepare(command: Argument[], script: Script | undefined): Script | undefined {
    if (script === undefined || command[0] !== "EVALSHA") return undefined;
    if (!this.#known.has(script)) command.splice(0, 2, "EVAL", script.source);
    return script;
  }

  add(script: Script): void {
    this.#known.add(script);
  }

  /** Sends the source next time: the server said that it has no such script. */
  forget(script: Script): void {
    this.#known.delete(script);
  }
}

/** `EVALSHA` of a script with these keys and arguments. */
export function evalsha({ sha }: Script, keys: readonly Argument[], ...parameters: Argument[]): Argument[] {
  return ["EVALSHA", sha, String(keys.length), ...keys, ...parameters];
}

function script(source: string): Script {
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}

/**
 * Adds to counters: KEYS, then one delta for all, or one delta and one TTL, or a delta for each and a TTL for each (0:
 * none). Returns a list, or the bare sum of one counter. An element is the sum, as text past ±10^15 (where some clients
 * round an integer reply), or an array with what is wrong: `overflow`, `type`, or the prefix of Redis's error. A replica
 * refuses the whole script, as it refuses any write.
 *
 * INCRBY counts in 64 bits, so the sum, and the sum less the delta, are compared with ±(2^53−1) and undone here, where
 * nobody can see it. With a delta within ±10^15 a sum within ±10^15 needs no such check: the common case is short.
 */
export const INCR = script(`
local keys, argv, pcall, type, find = KEYS, ARGV, redis.pcall, type, string.find
local count, given = #keys, #argv
local delta, ttl = argv[1], argv[2]
local small = given < 3 and #delta < 16
local max = 9007199254740991
local replies = {}
for i = 1, count do
  local key = keys[i]
  if given > 2 then delta, ttl = argv[i], argv[count + i] end
  local there = ttl and ttl ~= '0' and pcall('EXISTS', key)
  local sum
  if there == 0 then
    sum = pcall('SET', key, delta, 'PX', ttl)
    if sum.ok then sum = tonumber(delta) end
  elseif type(there) == 'table' then sum = there
  else sum = pcall('INCRBY', key, delta) end
  if type(sum) == 'number' then
    if not small or sum > 1e15 or sum < -1e15 then
      local before = sum - delta
      if sum > max or sum < -max or before > max or before < -max then
        pcall('INCRBY', key, string.format('%.0f', -delta))
        sum = {'overflow'}
      elseif sum > 1e15 or sum < -1e15 then sum = string.format('%.0f', sum) end
    end
    if count == 1 and type(sum) == 'number' then return sum end
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

/** Sets keys with a TTL: KEYS, a value for each, then one TTL for all, or one for each. */
export const SET_TTL = script(`
local keys, argv, call = KEYS, ARGV, redis.call
local count = #keys
local ttl = argv[count + 1]
local each = #argv > count + 1
for i = 1, count do
  if each then ttl = argv[count + i] end
  call('SET', keys[i], argv[i], 'PX', ttl)
end
return redis.status_reply('OK')`);

/** GETSET that keeps the TTL of a live key and sets that of a new one. Arguments: value, TTL. */
export const GETSET_KEEP = script(`
local before = redis.call('GET', KEYS[1])
if before then
  redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL')
else
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return before`);

/** Compare and swap. Arguments: old value, new value, TTL (0: none), whether to keep the TTL (1 or 0). */
export const COMPARE_AND_SWAP = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[4] == '1' then
  redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
elseif ARGV[3] == '0' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1`);

/** Compare and delete. Argument: the value. */
export const COMPARE_AND_DELETE = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`);

/** PERSIST that distinguishes a missing key from one without a TTL. */
export const PERSIST = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('PERSIST', KEYS[1])
return 1`);
