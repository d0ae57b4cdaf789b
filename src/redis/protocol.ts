import type { Buffer } from "node:buffer";
import { DriverError, NotSupportedError, TimeoutError, TypeMismatchError, UnavailableError } from "../errors.js";

/** One argument of a command. */
export type Argument = string | Buffer;

/** What Redis answers: bulk strings come as Buffers, status replies as strings, lists as arrays. */
export type Reply = Buffer | string | number | null | readonly Reply[];

/** RESP's type of bulk strings, for node-redis's type mapping. */
export const BLOB_STRING = 36;

/** The error words of Redis that mean: not now, and nothing was done. */
const UNAVAILABLE = new Set(["LOADING", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "TRYAGAIN", "NOREPLICAS", "BUSY"]);

/** Error words that are safe to repeat. Anything else a garbled or odd server says could hold a value. */
const KNOWN = new Set([
  ...UNAVAILABLE,
  "ERR",
  "WRONGTYPE",
  "NOPERM",
  "NOAUTH",
  "WRONGPASS",
  "OOM",
  "MISCONF",
  "EXECABORT",
  "NOSCRIPT",
  "CROSSSLOT",
  "MOVED",
  "ASK",
]);

/**
 * The first word of an error that the server sent, such as `"WRONGTYPE"`, or `undefined` when it is an error of the
 * client library: then the reply, if there was one, is lost. It goes by the message, since a connection that was handed in
 * brings its own classes, and a bundler may have renamed ours: no library's own message begins with a word in capitals.
 */
export function errorWord(error: unknown): string | undefined {
  return error instanceof Error ? /^[A-Z][A-Z0-9_]+(?= |$)/.exec(error.message)?.[0] : undefined;
}

/**
 * The coded error for what went wrong with a command. Of what the server said only the word is repeated: some of its
 * texts quote the command's arguments.
 */
export function codedError(error: unknown): Error {
  const word = errorWord(error);
  return word === undefined ? lost() : errorOfWord(word);
}

/** The connection is gone, and the call may have taken effect. */
export function lost(): UnavailableError {
  return new UnavailableError("the connection was lost before the reply came", { outcome: "unknown" });
}

/** What a reply is answered with that fits no command: it and its connection are out of step. */
export const GARBLED = new UnavailableError("the reply fits no answer to the command", { outcome: "unknown" });

/** What is told of a call in several parts of which one failed: another may have taken effect. */
export function partly(reason: unknown): unknown {
  if (reason instanceof TimeoutError) return new TimeoutError(reason.message, { outcome: "unknown" });
  if (reason instanceof UnavailableError) return new UnavailableError(reason.message, { outcome: "unknown" });
  if (reason instanceof DriverError) return new DriverError(reason.message, { outcome: "unknown" });
  return reason;
}

/** The coded error of an error word of Redis. */
export function errorOfWord(word: string): Error {
  if (word === "WRONGTYPE") return new TypeMismatchError("the key holds another type of Redis than a string");
  if (UNAVAILABLE.has(word)) {
    return new UnavailableError(`Redis refuses for now (${word})`, { outcome: "not-applied" });
  }
  if (word === "CROSSSLOT") {
    return new NotSupportedError("Redis Cluster takes several keys at once only where they share a slot");
  }
  return new DriverError(`Redis answered with an error (${KNOWN.has(word) ? word : "of an unknown kind"})`, {
    outcome: word === "ERR" || !KNOWN.has(word) ? "unknown" : "not-applied",
  });
}
