import type { Argument, Reply } from "./replies.js";
import type { Script } from "./scripts.js";

/** What a command of the driver is: how calls of it are encoded, and how its reply is parsed. */
export interface Command<P, R> {
  /** Whether calls made in one tick may share one command. */
  readonly batchable: boolean;
  /** The script behind it. An encoded `EVALSHA` names it by its hash; the connection sends the source where it must. */
  readonly script?: Script;
  /** The command for these calls; one call unless it is batchable. */
  encode(calls: readonly Call<P, R>[]): Argument[];
  /** About how many bytes a call adds to the command, where that can be many. */
  byteLength?(payload: P): number;
  /** The result of the call at this place. Throws a coded error; `DESYNCHRONISED` for a reply it never has. */
  parseReply(reply: Reply, place: number, calls: readonly Call<P, R>[]): R;
}

/** One call: its storage keys, what it sends with them, and who waits for it. */
export interface Call<P, R> {
  readonly keys: readonly Argument[];
  readonly payload: P;
  readonly signal: AbortSignal | undefined;
  resolve(result: R): void;
  reject(error: unknown): void;
}
