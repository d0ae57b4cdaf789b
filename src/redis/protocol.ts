import type { Buffer } from "node:buffer";
import { DriverError, NotSupportedError, TypeMismatchError, UnavailableError } from "../errors.js";
import { lost } from "../internal/outcomes.js";

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

/** Commands that the driver sends: what a server says of another is not repeated. */
const COMMANDS =
  "get mget set mset incrby exists pttl pexpire persist del unlink evalsha eval scan asking select role cluster|slots";

/** What can be repeated of an error of the server's: its word, and of a refused command its name. */
export function spokenWord(error: unknown): string | undefined {
  const word = errorWord(error);
  if (word === undefined || !KNOWN.has(word)) return undefined;
  const [, command = ""] = /'([a-z|]+)' command/.exec((error as Error).message) ?? [];
  return word === "NOPERM" && COMMANDS.split(" ").includes(command) ? `${word}: ${command}` : word;
}

/**
 * The coded error for what went wrong with a command. Of what the server said only the word is repeated: some of its
 * texts quote the command's arguments.
 */
export function codedError(error: unknown): Error {
  const word = errorWord(error);
  // The encoder's, of what does not fit into one text.
  if (error instanceof RangeError) return new DriverError("the command is too long", { outcome: "not-applied" });
  if (word === undefined) return lost();
  if (word === "ERR" && (error as Error).message.includes("cluster support disabled")) {
    return new NotSupportedError("the server is no node of a Redis Cluster: connect with the option url");
  }
  return errorOfWord(word, spokenWord(error));
}

/** The coded error of an error word of Redis. */
export function errorOfWord(word: string, spoken = KNOWN.has(word) ? word : undefined): Error {
  if (word === "WRONGTYPE") return new TypeMismatchError("the key holds another type of Redis than a string");
  if (UNAVAILABLE.has(word)) {
    return new UnavailableError(`Redis refuses for now (${word})`, { outcome: "not-applied" });
  }
  if (word === "CROSSSLOT") {
    return new NotSupportedError(
      "keys of several slots at once: to a node of a Redis Cluster connect with the option cluster",
    );
  }
  const hint = word === "MOVED" ? ": to a node of a Redis Cluster connect with the option cluster" : "";
  return new DriverError(`Redis answered with an error (${spoken ?? "of an unknown kind"})${hint}`, {
    outcome: word === "ERR" || !KNOWN.has(word) ? "unknown" : "not-applied",
  });
}
