import { Buffer } from "node:buffer";
import type { Encoded } from "../../driver/encoded.js";
import { OverflowError, TypeMismatchError } from "../../errors.js";
import { DESYNCHRONISED } from "../../net/outcomes.js";
import type { Command } from "./command.js";
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
import { SLOTS } from "./slot.js";

// Every command that the driver sends, in the order of the driver's methods.

export const GET: Command<undefined, Encoded | undefined> = {
  batchable: true,
  encode: encodeGet,
  parseReply: (reply, place, keys) => parseValue(parseList(reply, keys.length)[place]),
};

export const MGET: Command<undefined, (Encoded | undefined)[]> = {
  batchable: false,
  encode: encodeGet,
  parseReply: (reply, _place, keys) => parseList(reply, keys.length).map(parseValue),
};

export const SET: Command<Encoded, void> = {
  batchable: true,
  encode: encodeSet,
  byteLength: (value) => value.length,
  parseReply: parseOK,
};

export const SET_TTL: Command<ValueAndTtl, void> = {
  batchable: true,
  script: scripts.SET_TTL,
  encode: (keys, entries) => {
    const [{ value, ttl }] = entries as [ValueAndTtl];
    if (keys.length === 1) return encodeSetTtl(keys[0] as Argument, value, ttl);
    const command = evalsha(scripts.SET_TTL, keys);
    for (const entry of entries) command.push(argument(entry.value));
    // One TTL for all of them, where they agree: the common case is short.
    if (entries.every((entry) => entry.ttl === ttl)) command.push(String(ttl));
    else for (const entry of entries) command.push(String(entry.ttl));
    return command;
  },
  byteLength: ({ value }) => value.length,
  parseReply: parseOK,
};

export const MSET: Command<readonly Encoded[], void> = {
  batchable: false,
  encode: (keys, [values]) => encodeSet(keys, values as readonly Encoded[]),
  parseReply: parseOK,
};

export const MSET_TTL: Command<{ readonly values: readonly Encoded[]; readonly ttl: number }, void> = {
  batchable: false,
  script: scripts.SET_TTL,
  encode: (keys, [payload]) => {
    const { values, ttl } = payload as { values: readonly Encoded[]; ttl: number };
    if (keys.length === 1) return encodeSetTtl(keys[0] as Argument, values[0] as Encoded, ttl);
    return [...evalsha(scripts.SET_TTL, keys), ...values.map(argument), String(ttl)];
  },
  parseReply: parseOK,
};

export const SET_NX = ofOneKey<ValueAndTtl, boolean>(
  (key, { value, ttl }) => ["SET", key, argument(value), "NX", ...px(ttl)],
  parseOKOrNull,
);

export const DELETE: Command<undefined, boolean> = {
  batchable: false,
  encode: encodeDelete,
  parseReply: parseBoolean,
};

export const MDEL: Command<undefined, number> = {
  batchable: false,
  encode: encodeDelete,
  parseReply: parseInteger,
};

export const EXISTS = ofOneKey<undefined, boolean>((key) => ["EXISTS", key], parseBoolean);

/**
 * -2 is a missing key, -1 one without a TTL, which is our NO_EXPIRY too. In its last millisecond a key has 0 left, which
 * would mean no TTL where it is passed on to another.
 */
export const TTL = ofOneKey<undefined, number | undefined>(
  (key) => ["PTTL", key],
  (reply) => {
    const ttl = parseInteger(reply);
    return ttl === -2 ? undefined : ttl || 1;
  },
);

export const EXPIRE = ofOneKey<number, boolean>((key, ttl) => ["PEXPIRE", key, String(ttl)], parseBoolean);

export const PERSIST = ofOneKey<undefined, boolean>(
  (key) => evalsha(scripts.PERSIST, [key]),
  parseBoolean,
  scripts.PERSIST,
);

export const INCR: Command<DeltaAndTtl, number> = {
  batchable: true,
  script: scripts.INCR,
  encode: (keys, counts) => {
    const command = evalsha(scripts.INCR, keys);
    const [{ delta, ttl }] = counts as [DeltaAndTtl];
    // One delta and one TTL for all of them, where they agree: the common case is short.
    if (counts.every((count) => count.delta === delta && count.ttl === ttl)) {
      command.push(String(delta));
      if (ttl > 0) command.push(String(ttl));
    } else {
      for (const count of counts) command.push(String(count.delta));
      for (const count of counts) command.push(String(count.ttl));
    }
    return command;
  },
  parseReply: (reply, place, keys) => {
    const sum = keys.length === 1 && typeof reply === "number" ? reply : parseList(reply, keys.length)[place];
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

export const GET_SET = ofOneKey<ValueAndTtl, Encoded | undefined>(
  (key, { value, ttl }) => ["SET", key, argument(value), ...px(ttl), "GET"],
  parseValue,
);

/** A live key keeps its TTL, and a new one gets none: one command. */
export const GET_SET_KEEP = ofOneKey<Encoded, Encoded | undefined>(
  (key, value) => ["SET", key, argument(value), "KEEPTTL", "GET"],
  parseValue,
);

/** A live key keeps its TTL, and a new one gets its own: a script. */
export const GET_SET_KEEP_TTL = ofOneKey<ValueAndTtl, Encoded | undefined>(
  (key, { value, ttl }) => evalsha(scripts.GETSET_KEEP, [key], argument(value), String(ttl)),
  parseValue,
  scripts.GETSET_KEEP,
);

export const COMPARE_AND_SWAP = ofOneKey<Swap, boolean>(
  (key, { oldValue, newValue, ttl, keep }) =>
    evalsha(scripts.COMPARE_AND_SWAP, [key], argument(oldValue), argument(newValue), String(ttl), keep ? "1" : "0"),
  parseBoolean,
  scripts.COMPARE_AND_SWAP,
);

export const COMPARE_AND_DELETE = ofOneKey<Encoded, boolean>(
  (key, oldValue) => evalsha(scripts.COMPARE_AND_DELETE, [key], argument(oldValue)),
  parseBoolean,
  scripts.COMPARE_AND_DELETE,
);

// About a whole server.

export const PING: Command<undefined, void> = {
  batchable: false,
  encode: () => ["PING"],
  parseReply: (reply) => expectReply(reply, String(reply) === "PONG", undefined),
};

export const SCAN: Command<{ readonly cursor: string; readonly match: string }, ScanPage> = {
  batchable: false,
  encode: (_keys, payloads) => {
    const [{ cursor, match }] = payloads as [{ cursor: string; match: string }];
    return ["SCAN", cursor, "MATCH", match, "COUNT", "1000"];
  },
  parseReply: (reply) => {
    const [next, keys] = parseList(reply, 2);
    const cursor = /^\d+$/.exec(String(next))?.[0];
    if (cursor === undefined || !Array.isArray(keys) || !keys.every(Buffer.isBuffer)) throw DESYNCHRONISED;
    return { cursor: cursor === "0" ? undefined : cursor, keys };
  },
};

export const CLUSTER_SLOTS: Command<undefined, readonly SlotRange[]> = {
  batchable: false,
  encode: () => ["CLUSTER", "SLOTS"],
  parseReply: (reply) => expectReply(reply, Array.isArray(reply), reply as readonly Reply[]).map(parseSlotRange),
};

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

/** A command about one key that carries one call. */
function ofOneKey<P, R>(
  encode: (key: Argument, payload: P) => Argument[],
  parseReply: (reply: Reply) => R,
  script?: Script,
): Command<P, R> {
  return {
    batchable: false,
    // The batcher adds one call with one key.
    encode: ([key], [payload]) => encode(key as Argument, payload as P),
    parseReply: (reply) => parseReply(reply),
    ...(script && { script }),
  };
}

/** `MGET`, also of one key: where GET rejects another Redis type, it returns null, as a read has to. */
function encodeGet(keys: readonly Argument[]): Argument[] {
  return ["MGET", ...keys];
}

/** `SET` of one key, `MSET` of several. */
function encodeSet(keys: readonly Argument[], values: readonly Encoded[]): Argument[] {
  if (keys.length === 1) return ["SET", keys[0] as Argument, argument(values[0] as Encoded)];
  const command: Argument[] = ["MSET"];
  for (let at = 0; at < keys.length; at++) command.push(keys[at] as Argument, argument(values[at] as Encoded));
  return command;
}

/** `SET` of one key with a TTL; several take a script. */
function encodeSetTtl(key: Argument, value: Encoded, ttl: number): Argument[] {
  return ["SET", key, argument(value), ...px(ttl)];
}

/** `UNLINK`, which frees the memory of a large value in the background. */
function encodeDelete(keys: readonly Argument[]): Argument[] {
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
