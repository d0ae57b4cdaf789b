import { Buffer } from "node:buffer";
import type { Encoded } from "../../driver/encoded.js";
import { OverflowError, TypeMismatchError } from "../../errors.js";
import { DESYNCHRONISED } from "../../net/outcomes.js";
import { SLOTS } from "../routing/slot.js";
import type { Call, Command } from "./command.js";
import { errorOfPrefix } from "./errors.js";
import {
  type Argument,
  expectReply,
  parseBoolean,
  parseInteger,
  parseList,
  parseOK,
  parseOKOrNull,
  parseValue,
  type Reply,
} from "./replies.js";
import type { Script } from "./scripts.js";
import * as scripts from "./scripts.js";
import { evalsha } from "./scripts.js";

// Every command that the driver sends, in the order of the driver's methods.

export const GET: Command<undefined, Encoded | undefined> = {
  batchable: true,
  encode: encodeGet,
  parseReply: (reply, place, calls) => parseValue(parseList(reply, calls.length)[place]),
};

export const MGET = unbatched<undefined, (Encoded | undefined)[]>(
  (call) => encodeGet([call]),
  (reply, { keys }) => parseList(reply, keys.length).map(parseValue),
);

export const SET: Command<Encoded, void> = {
  batchable: true,
  encode: (calls) => encodeSet(calls.map(firstKey), calls.map(payloadOf), NO_TTL),
  byteLength: (value) => value.length,
  parseReply: parseOK,
};

export const SET_TTL: Command<ValueAndTtl, void> = {
  batchable: true,
  script: scripts.SET_TTL,
  encode: (calls) => encodeSet(calls.map(firstKey), calls.map(storedValueOf), calls.map(ttlOf)),
  byteLength: ({ value }) => value.length,
  parseReply: parseOK,
};

export const MSET = unbatched<{ readonly values: readonly Encoded[]; readonly ttl: number }, void>(
  ({ keys, payload: { values, ttl } }) => encodeSet(keys, values, ttl === 0 ? NO_TTL : keys.map(() => ttl)),
  parseOK,
  scripts.SET_TTL,
);

export const SET_NX = unbatched<ValueAndTtl, boolean>(
  ({ keys: [key], payload: { value, ttl } }) => ["SET", key, argument(value), "NX", ...px(ttl)],
  parseOKOrNull,
);

export const DELETE = unbatched<undefined, boolean>(encodeDelete, parseBoolean);

export const MDEL = unbatched<undefined, number>(encodeDelete, parseInteger);

export const EXISTS = unbatched<undefined, boolean>(({ keys: [key] }) => ["EXISTS", key], parseBoolean);

/**
 * -2 is a missing key, -1 one without a TTL, which is our NO_EXPIRY too. In its last millisecond a key has 0 left, which
 * would mean no TTL where it is passed on to another.
 */
export const TTL = unbatched<undefined, number | undefined>(
  ({ keys: [key] }) => ["PTTL", key],
  (reply) => {
    const ttl = parseInteger(reply);
    return ttl === -2 ? undefined : ttl || 1;
  },
);

export const EXPIRE = unbatched<number, boolean>(
  ({ keys: [key], payload: ttl }) => ["PEXPIRE", key, String(ttl)],
  parseBoolean,
);

export const PERSIST = unbatched<undefined, boolean>(
  ({ keys }) => evalsha(scripts.PERSIST, keys, []),
  parseBoolean,
  scripts.PERSIST,
);

export const INCR: Command<DeltaAndTtl, number> = {
  batchable: true,
  script: scripts.INCR,
  encode: (calls) => {
    const [{ payload }] = calls as [Call<DeltaAndTtl, number>];
    const { delta, ttl } = payload;
    // One delta and one TTL for all of them, where they agree: the common case is short.
    const parameters = calls.every((call) => call.payload.delta === delta && call.payload.ttl === ttl)
      ? [String(delta), ...(ttl > 0 ? [String(ttl)] : [])]
      : [...calls.map((call) => String(call.payload.delta)), ...calls.map((call) => String(call.payload.ttl))];
    return evalsha(scripts.INCR, calls.map(firstKey), parameters);
  },
  parseReply: (reply, place, calls) => {
    const sum = calls.length === 1 && typeof reply === "number" ? reply : parseList(reply, calls.length)[place];
    if (typeof sum === "number") return sum;
    if (Buffer.isBuffer(sum)) return Number(sum.toString());
    const [failure] = expectReply(sum, Array.isArray(sum), sum as readonly Reply[]);
    const prefix = String(failure);
    if (prefix === "overflow") throw new OverflowError("the counter is or would be past ±(2^53−1)");
    if (prefix === "type") {
      throw new TypeMismatchError("the stored value is not a counter: a counter is a decimal integer such as 42");
    }
    throw errorOfPrefix(prefix);
  },
};

export const GET_SET = unbatched<ValueAndTtl, Encoded | undefined>(
  ({ keys: [key], payload: { value, ttl } }) => ["SET", key, argument(value), ...px(ttl), "GET"],
  parseValue,
);

/** A live key keeps its TTL, and a new one gets none: one command. */
export const GET_SET_KEEP = unbatched<Encoded, Encoded | undefined>(
  ({ keys: [key], payload: value }) => ["SET", key, argument(value), "KEEPTTL", "GET"],
  parseValue,
);

/** A live key keeps its TTL, and a new one gets its own: a script. */
export const GET_SET_KEEP_TTL = unbatched<ValueAndTtl, Encoded | undefined>(
  ({ keys, payload: { value, ttl } }) => evalsha(scripts.GETSET_KEEP, keys, [argument(value), String(ttl)]),
  parseValue,
  scripts.GETSET_KEEP,
);

export const COMPARE_AND_SWAP = unbatched<Swap, boolean>(
  ({ keys, payload: { oldValue, newValue, ttl, keep } }) =>
    evalsha(scripts.COMPARE_AND_SWAP, keys, [argument(oldValue), argument(newValue), String(ttl), keep ? "1" : "0"]),
  parseBoolean,
  scripts.COMPARE_AND_SWAP,
);

export const COMPARE_AND_DELETE = unbatched<Encoded, boolean>(
  ({ keys, payload: oldValue }) => evalsha(scripts.COMPARE_AND_DELETE, keys, [argument(oldValue)]),
  parseBoolean,
  scripts.COMPARE_AND_DELETE,
);

// About a whole server.

export const PING = unbatched<undefined, void>(
  () => ["PING"],
  (reply) => expectReply(reply, String(reply) === "PONG", undefined),
);

export const SCAN = unbatched<{ readonly cursor: string; readonly match: string }, ScanPage>(
  ({ payload: { cursor, match } }) => ["SCAN", cursor, "MATCH", match, "COUNT", "1000"],
  (reply) => {
    const [next, keys] = parseList(reply, 2);
    const cursor = /^\d+$/.exec(String(next))?.[0];
    if (cursor === undefined || !Array.isArray(keys) || !keys.every(Buffer.isBuffer)) throw DESYNCHRONISED;
    return { cursor: cursor === "0" ? undefined : cursor, keys };
  },
);

export const CLUSTER_SLOTS = unbatched<undefined, readonly SlotRange[]>(
  () => ["CLUSTER", "SLOTS"],
  (reply) => expectReply(reply, Array.isArray(reply), reply as readonly Reply[]).map(parseSlotRange),
);

export interface ValueAndTtl {
  readonly value: Encoded;
  /** Milliseconds, 0 for none. */
  readonly ttl: number;
}

export interface DeltaAndTtl {
  readonly delta: number;
  readonly ttl: number;
}

export interface Swap {
  readonly oldValue: Encoded;
  readonly newValue: Encoded;
  readonly ttl: number;
  readonly keep: boolean;
}

export interface ScanPage {
  /** `undefined` after the last page. */
  readonly cursor: string | undefined;
  readonly keys: readonly Buffer[];
}

/** Slots that one primary serves. Its host is empty where the node does not know it. */
export interface SlotRange {
  readonly from: number;
  readonly to: number;
  readonly host: string;
  readonly port: number;
}

type OneKey = readonly [Argument, ...Argument[]];

/** A command that carries one call. */
function unbatched<P, R>(
  encode: (call: Call<P, R> & { readonly keys: OneKey }) => Argument[],
  parseReply: (reply: Reply, call: Call<P, R>) => R,
  script?: Script,
): Command<P, R> {
  return {
    batchable: false,
    // The batcher adds no second call, and a command about keys is given at least one.
    encode: ([call]) => encode(call as Call<P, R> & { readonly keys: OneKey }),
    parseReply: (reply, _place, calls) => parseReply(reply, calls[0] as Call<P, R>),
    ...(script && { script }),
  };
}

/** `MGET`, also of one key: where GET rejects another Redis type, it returns null, as a read has to. */
function encodeGet(calls: readonly Pick<Call<never, never>, "keys">[]): Argument[] {
  const command: Argument[] = ["MGET"];
  for (const { keys } of calls) for (const key of keys) command.push(key);
  return command;
}

/** `SET` of one key, `MSET` of several without a TTL, else a script. */
function encodeSet(
  keys: readonly Argument[],
  values: readonly Encoded[],
  ttls: readonly number[] | typeof NO_TTL,
): Argument[] {
  if (keys.length === 1) {
    const ttl = ttls === NO_TTL ? 0 : (ttls[0] as number);
    return ["SET", keys[0] as Argument, argument(values[0] as Encoded), ...px(ttl)];
  }
  if (ttls === NO_TTL) {
    const command: Argument[] = ["MSET"];
    for (let at = 0; at < keys.length; at++) command.push(keys[at] as Argument, argument(values[at] as Encoded));
    return command;
  }
  const same = ttls.every((ttl) => ttl === ttls[0]) ? ttls.slice(0, 1) : ttls;
  return evalsha(scripts.SET_TTL, keys, [...values.map(argument), ...same.map(String)]);
}

/** `UNLINK`, which frees the memory of a large value in the background. */
function encodeDelete({ keys }: Call<undefined, unknown>): Argument[] {
  return ["UNLINK", ...keys];
}

/** A value as an argument: a string as it is, bytes as a Buffer over the same memory. */
function argument(value: Encoded): Argument {
  if (typeof value === "string" || Buffer.isBuffer(value)) return value;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function px(ttl: number): Argument[] {
  return ttl === 0 ? [] : ["PX", String(ttl)];
}

function parseSlotRange(range: Reply): SlotRange {
  const [from, to, primary] = Array.isArray(range) ? range : [];
  const [host, port] = Array.isArray(primary) ? primary : [];
  if (!isSlot(from) || !isSlot(to) || typeof port !== "number") throw DESYNCHRONISED;
  const name = String(host ?? "");
  return { from, to, host: name === "?" ? "" : name, port };
}

function isSlot(reply: unknown): reply is number {
  return typeof reply === "number" && reply >= 0 && reply < SLOTS;
}

const NO_TTL = Symbol("no TTL");

function firstKey({ keys }: Pick<Call<never, never>, "keys">): Argument {
  return keys[0] as Argument;
}

function payloadOf<P>({ payload }: { readonly payload: P }): P {
  return payload;
}

function storedValueOf({ payload }: { readonly payload: ValueAndTtl }): Encoded {
  return payload.value;
}

function ttlOf({ payload }: { readonly payload: ValueAndTtl }): number {
  return payload.ttl;
}
