import { Buffer } from "node:buffer";
import type { Encoded } from "../driver/encoded.js";
import { OverflowError, TypeMismatchError } from "../errors.js";
import { GARBLED } from "../internal/outcomes.js";
import { type Argument, errorOfWord, type Reply } from "./protocol.js";
import { type AnyRun, type Call, type Kind, Run } from "./run.js";
import type { Script } from "./scripts.js";
import * as scripts from "./scripts.js";
import { SLOTS } from "./slot.js";

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
  answer: (reply: Reply, payload: P) => R,
  script?: Script,
): Kind<P, R> {
  return {
    joins: false,
    command: (calls) => {
      const { key, payload } = calls[0] as Call<P, R>;
      return command(key, payload);
    },
    answer: (reply, _, calls) => answer(reply, (calls[0] as Call<P, R>).payload),
    ...(script && { script }),
  };
}

/** Throws where a reply is none of what the command is answered with: then it was meant for another. */
function fits<R>(reply: Reply | undefined, answers: boolean, answer: R): R {
  if (!answers || reply === undefined) throw GARBLED;
  return answer;
}

const found = (reply: Reply | undefined): Encoded | undefined =>
  fits(reply, reply === null || Buffer.isBuffer(reply), (reply as Buffer | null) ?? undefined);
const yes = (reply: Reply): boolean => fits(reply, reply === 0 || reply === 1, reply === 1);
const stored = (reply: Reply): boolean => fits(reply, reply === null || isOK(reply), reply !== null);
const count = (reply: Reply): number => fits(reply, typeof reply === "number", reply as number);
const nothing = (reply: Reply): void => fits(reply, isOK(reply), undefined);
/** The elements of a list, one for each of these. */
const list = (reply: Reply, { length }: readonly unknown[]): readonly Reply[] =>
  fits(reply, Array.isArray(reply) && reply.length === length, reply as Reply[]);
const isOK = (reply: Reply): boolean => String(reply) === "OK";
const isSlot = (reply: Reply | undefined): reply is number => typeof reply === "number" && reply >= 0 && reply < SLOTS;
const ttlArguments = (ttl: number): Argument[] => (ttl === 0 ? [] : ["PX", String(ttl)]);

/** MGET also for one key: where GET answers WRONGTYPE it answers nil, which is what a read promises. */
export const GET: Kind<undefined, Encoded | undefined> = {
  joins: true,
  command: (calls) => {
    const command: Argument[] = ["MGET"];
    for (const { key } of calls) command.push(key);
    return command;
  },
  answer: (reply, place, calls) => found(list(reply, calls)[place]),
};

export const SET: Kind<Encoded, void> = {
  joins: true,
  command: (calls) => {
    const command: Argument[] = [calls.length === 1 ? "SET" : "MSET"];
    for (const { key, payload } of calls) command.push(key, argument(payload));
    return command;
  },
  weight: (value) => value.length,
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
    for (const { payload } of calls) command.push(argument(payload.value));
    if (calls.every((call) => call.payload.ttl === payload.ttl)) command.push(String(payload.ttl));
    else for (const { payload } of calls) command.push(String(payload.ttl));
    return command;
  },
  weight: ({ value }) => value.length,
  answer: nothing,
};

export const INCR: Kind<{ readonly delta: number; readonly ttl: number }, number> = {
  joins: true,
  script: scripts.INCR,
  command: (calls) => {
    const command: Argument[] = ["EVALSHA", scripts.INCR.sha, String(calls.length)];
    for (const { key } of calls) command.push(key);
    const [{ payload }] = calls as [(typeof calls)[number]];
    const { delta, ttl } = payload;
    if (calls.every((call) => call.payload.delta === delta && call.payload.ttl === ttl)) {
      command.push(String(delta));
      if (ttl > 0) command.push(String(ttl));
      return command;
    }
    for (const { payload } of calls) command.push(String(payload.delta));
    for (const { payload } of calls) command.push(String(payload.ttl));
    return command;
  },
  answer: (reply, place, calls) => {
    const sum = calls.length === 1 && typeof reply === "number" ? reply : list(reply, calls)[place];
    if (typeof sum === "number") return sum;
    if (Buffer.isBuffer(sum)) return Number(sum.toString());
    const word = String(Array.isArray(sum) ? sum[0] : fits(sum, false, ""));
    if (word === "overflow") throw new OverflowError("the counter is or would be past ±(2^53−1)");
    if (word === "type") throw new TypeMismatchError("the stored value is no counter: a counter is a decimal integer");
    throw errorOfWord(word);
  },
};

export const SET_NX = single<ValueAndTtl, boolean>(
  (key, { value, ttl }) => ["SET", key, argument(value), "NX", ...ttlArguments(ttl)],
  stored,
);
export const DELETE = single<undefined, boolean>((key) => ["UNLINK", key], yes);
export const EXISTS = single<undefined, boolean>((key) => ["EXISTS", key], yes);
export const MGET = single<readonly string[], (Encoded | undefined)[]>(
  (_, keys) => ["MGET", ...keys],
  (reply, keys) => list(reply, keys).map(found),
);
export const MSET = single<readonly (readonly [string, Encoded])[], void>(
  (_, entries) => ["MSET", ...entries.flatMap(([key, value]) => [key, argument(value)])],
  nothing,
);
export const MSET_TTL = single<{ entries: readonly (readonly [string, Encoded])[]; ttl: number }, void>(
  (_, { entries, ttl }) =>
    evalsha(
      scripts.SET_TTL,
      entries.map(([key]) => key),
      [...entries.map(([, value]) => argument(value)), String(ttl)],
    ),
  nothing,
  scripts.SET_TTL,
);
export const MDEL = single<readonly Argument[], number>((_, keys) => ["UNLINK", ...keys], count);
/**
 * -2 is a missing key, -1 one without a TTL, which is our NO_EXPIRY too. In its last millisecond a key has 0 left, which
 * would mean no TTL where it is given to another.
 */
export const TTL = single<undefined, number | undefined>(
  (key) => ["PTTL", key],
  (reply) => (count(reply) === -2 ? undefined : count(reply) || 1),
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

export const PING = single<undefined, void>(
  () => ["PING"],
  (reply) => fits(reply, String(reply) === "PONG", undefined),
);

export interface Page {
  /** `undefined`: it was the last one. */
  readonly cursor: string | undefined;
  readonly keys: readonly Buffer[];
}

export const SCAN = single<{ readonly cursor: string; readonly match: string }, Page>(
  (_, { cursor, match }) => ["SCAN", cursor, "MATCH", match, "COUNT", "1000"],
  (reply) => {
    const [next, keys] = list(reply, ["cursor", "keys"]) as [Reply, Reply];
    const cursor = /^\d+$/.exec(String(next))?.[0];
    if (cursor === undefined || !Array.isArray(keys) || !keys.every(Buffer.isBuffer)) throw GARBLED;
    return { cursor: cursor === "0" ? undefined : cursor, keys };
  },
);

/** Slots that one primary serves. Its host is empty where the node does not know it. */
export interface SlotRange {
  readonly from: number;
  readonly to: number;
  readonly host: string;
  readonly port: number;
}

export const CLUSTER_SLOTS = single<undefined, readonly SlotRange[]>(
  () => ["CLUSTER", "SLOTS"],
  (reply) =>
    fits(reply, Array.isArray(reply), reply as Reply[]).map((range) => {
      const [from, to, primary] = Array.isArray(range) ? range : [];
      const [host, port] = Array.isArray(primary) ? primary : [];
      if (!isSlot(from) || !isSlot(to) || typeof port !== "number") throw GARBLED;
      const name = String(host ?? "");
      return { from, to, host: name === "?" ? "" : name, port };
    }),
);

/** A question of the driver's own to one node: no calls share it, and a refusal is the answer. */
export function ask<P, R>(
  send: (run: AnyRun) => void,
  kind: Kind<P, R>,
  payload: P,
  timeout: number,
  signal?: AbortSignal,
): Promise<R> {
  return new Promise((resolve, reject) => {
    const route = { retake: () => false };
    send(new Run(kind, NO_SLOT, performance.now() + timeout, route, [{ key: "", payload, signal, resolve, reject }]));
  });
}

/** The slot of what is about no key. */
export const NO_SLOT = -1;
