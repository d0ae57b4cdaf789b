import type { Argument, Reply } from "./replies.js";
import type { Script } from "./scripts.js";

/**
 * What a command of the driver is: how calls of it are encoded, and how its reply is parsed.
 *
 * The keys and the payloads of a batch are lists of their own, so that an encoder need not gather them from the calls. A
 * batch of a batchable command has a key and a payload for each call; any other has one call, with any number of keys.
 */
export interface Command<P, R> {
  /** Whether calls made in one tick may share one command. */
  readonly batchable: boolean;
  /** The script behind it. An encoded `EVALSHA` names it by its hash; the connection sends the source where it must. */
  readonly script?: Script;
  encode(keys: readonly Argument[], payloads: readonly P[]): Argument[];
  /** About how many bytes a payload adds to the command, where that can be many. */
  byteLength?(payload: P): number;
  /** The result of the call at this place. Throws a coded error; `DESYNCHRONISED` for a reply it never has. */
  parseReply(reply: Reply, place: number, keys: readonly Argument[]): R;
}

/** Who waits for the result of a call. */
export interface Caller<R> {
  readonly signal: AbortSignal | undefined;
  resolve(result: R): void;
  reject(error: unknown): void;
}
