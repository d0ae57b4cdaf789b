import { Buffer } from "node:buffer";
import type { Encoded } from "../driver/encoded.js";
import { OverflowError, TypeMismatchError } from "../errors.js";
import { type Argument, codedError, type Reply } from "./protocol.js";
import type { Call, Kind } from "./run.js";
import type { Script } from "./scripts.js";
import * as scripts from "./scripts.js";

/** A value as an argument: text as it is, bytes as a Buffer over the same memory. */
export function argument(value: Encoded): Argument {
  if (typeof value === "string" || Buffer.isBuffer(value)) return value;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function evalsha({ sha }: Script, keys: readonly string[], parameters: readonly Argument[]): Argument[] {
  return ["EVALSHA", sha, String(keys.length), ...keys, ...parameters];
}

/** A kind whose calls go out alone. */
function single<P, R>(
  command: (key: string, payload: P) => Argument[],
  answer: (reply: Reply) => R,
  script?: Script,
): Kind<P, R> {
  return {
    joins: false,
    command: (calls) => {
      const { key, payload } = calls[0] as Call<P, R>;
      return command(key, payload);
    },
    answer,
    ...(script && { script }),
  };
}

const found = (reply: Reply): Encoded | undefined => (reply as Buffer | null) ?? undefined;
const yes = (reply: Reply): boolean => reply === 1;
const stored = (reply: Reply): boolean => reply !== null;
const count = (reply: Reply): number => reply as number;
const nothing = (): void => {};
const ttlArguments = (ttl: number): Argument[] => (ttl === 0 ? [] : ["PX", String(ttl)]);

/** MGET also for one key: where GET answers WRONGTYPE it answers nil, which is what a read promises. */
export const GET: Kind<undefined, Encoded | undefined> = {
  joins: true,
  command: (calls) => {
    const command: Argument[] = ["MGET"];
    for (const { key } of calls) command.push(key);
    return command;
  },
  answer: (reply, place) => found((reply as Reply[])[place] as Reply),
};

export const SET: Kind<Encoded, void> = {
  joins: true,
  command: (calls) => {
    const command: Argument[] = [calls.length === 1 ? "SET" : "MSET"];
    for (const { key, payload } of calls) command.push(key, argument(payload));
    return command;
  },
  answer: nothing,
};

export interface ValueAndTtl {
  readonly value: Encoded;
  readonly ttl: number;
}

export const SET_TTL: Kind<ValueAndTtl, void> = {
  joins: true,
  script: scripts.SET_TTL,
  command: (calls) => {
    const [{ key, payload }] = calls as [Call<ValueAndTtl, void>];
    if (calls.length === 1) return ["SET", key, argument(payload.value), ...ttlArguments(payload.ttl)];
    const command: Argument[] = ["EVALSHA", scripts.SET_TTL.sha, String(calls.length)];
    for (const { key } of calls) command.push(key);
    for (const { payload } of calls) command.push(argument(payload.value), String(payload.ttl));
    return command;
  },
  answer: nothing,
};

export const INCR: Kind<{ readonly delta: number; readonly ttl: number }, number> = {
  joins: true,
  script: scripts.INCR,
  command: (calls) => {
    const command: Argument[] = ["EVALSHA", scripts.INCR.sha, String(calls.length)];
    for (const { key } of calls) command.push(key);
    for (const { payload } of calls) command.push(String(payload.delta));
    if (calls.some(({ payload }) => payload.ttl > 0)) for (const { payload } of calls) command.push(String(payload.ttl));
    return command;
  },
  answer: (reply, place) => {
    const sum = (reply as Reply[])[place] as Reply;
    if (typeof sum === "number") return sum;
    if (!Array.isArray(sum)) return Number(String(sum));
    const word = String(sum[0]);
    if (word === "overflow") throw new OverflowError("the counter is or would be past ±(2^53−1)");
    if (word === "type") throw new TypeMismatchError("the stored value is no counter: a counter is a decimal integer");
    throw codedError(new ErrorReply(word));
  },
};

/** An error that a script passes on, told from others by its name. */
class ErrorReply extends Error {}

export const SET_NX = single<ValueAndTtl, boolean>(
  (key, { value, ttl }) => ["SET", key, argument(value), "NX", ...ttlArguments(ttl)],
  stored,
);
export const DELETE = single<undefined, boolean>((key) => ["UNLINK", key], yes);
export const EXISTS = single<undefined, boolean>((key) => ["EXISTS", key], yes);
export const MGET = single<readonly string[], (Encoded | undefined)[]>(
  (_, keys) => ["MGET", ...keys],
  (reply) => (reply as Reply[]).map(found),
);
export const MSET = single<readonly (readonly [string, Encoded])[], void>(
  (_, entries) => ["MSET", ...entries.flatMap(([key, value]) => [key, argument(value)])],
  nothing,
);
export const MSET_TTL = single<{ entries: readonly (readonly [string, Encoded])[]; ttl: number }, void>(
  (_, { entries, ttl }) =>
    evalsha(
      scripts.MSET_TTL,
      entries.map(([key]) => key),
      [String(ttl), ...entries.map(([, value]) => argument(value))],
    ),
  nothing,
  scripts.MSET_TTL,
);
export const MDEL = single<readonly Argument[], number>((_, keys) => ["UNLINK", ...keys], count);
/** -2 is a missing key, -1 one without a TTL, which is our NO_EXPIRY too. */
export const TTL = single<undefined, number | undefined>(
  (key) => ["PTTL", key],
  (reply) => (reply === -2 ? undefined : (reply as number)),
);
export const EXPIRE = single<number, boolean>((key, ttl) => ["PEXPIRE", key, String(ttl)], yes);
export const PERSIST = single<undefined, boolean>((key) => evalsha(scripts.PERSIST, [key], []), yes, scripts.PERSIST);

export const GET_SET = single<ValueAndTtl, Encoded | undefined>(
  (key, { value, ttl }) => ["SET", key, argument(value), ...ttlArguments(ttl), "GET"],
  found,
);
/** A live key keeps its TTL, and a new one gets none: one command. */
export const GET_SET_KEEP = single<Encoded, Encoded | undefined>(
  (key, value) => ["SET", key, argument(value), "KEEPTTL", "GET"],
  found,
);
/** A live key keeps its TTL, and a new one gets its own: a script. */
export const GET_SET_KEEP_TTL = single<ValueAndTtl, Encoded | undefined>(
  (key, { value, ttl }) => evalsha(scripts.GETSET_KEEP, [key], [argument(value), String(ttl)]),
  found,
  scripts.GETSET_KEEP,
);

export interface Swap {
  readonly oldValue: Encoded;
  readonly newValue: Encoded;
  readonly ttl: number;
  readonly keep: boolean;
}

export const COMPARE_AND_SWAP = single<Swap, boolean>(
  (key, { oldValue, newValue, ttl, keep }) =>
    evalsha(scripts.SWAP, [key], [argument(oldValue), argument(newValue), String(ttl), keep ? "1" : "0"]),
  yes,
  scripts.SWAP,
);
export const COMPARE_AND_DELETE = single<Encoded, boolean>(
  (key, oldValue) => evalsha(scripts.CUT, [key], [argument(oldValue)]),
  yes,
  scripts.CUT,
);

/** A command of the driver's own, about no key: SCAN, PING, CLUSTER SLOTS. */
export const RAW = single<Argument[], Reply>(
  (_, command) => command,
  (reply) => reply,
);
