import type { Texts } from "../support/load.js";
import type { ServerProcess } from "./server-process.js";

/** A network driver, as the tests that every network driver runs see it. */
export interface NetworkSubject {
  /** Starts a server, which ends with the tests. */
  startServer(): Promise<ServerProcess>;
  /** Whether a server that was killed still has its data after a restart. */
  readonly durable: boolean;
  /** Opens a client of strings over a driver of its own, which is closed after the tests. */
  open(address: string, options?: OpenOptions): Promise<Texts>;
  /** JavaScript that resolves to a driver, for a program of its own. `given` holds the address and the timeout. */
  readonly connect: string;
  /** The reason that an error states when nobody listens on a port. */
  readonly refused: string;
  /** Methods that read before they write: when they fail, they may not have been applied. */
  readonly readFirst: readonly string[];
  /** What a server sends, as bytes, when it is broken: each comes between two replies in a test. */
  readonly garbage: readonly (readonly [title: string, bytes: string | Buffer])[];
  /** After how many bytes a connection is cut in tests. */
  readonly cuts: { readonly requests: readonly number[]; readonly replies: readonly number[] };
  /** The bytes that increment the counter at a storage key, as they are sent at most once. */
  incrementOf(storageKey: string): string;
}

/** Options that every network driver takes, and one of the tests' own. */
export interface OpenOptions {
  /** Of a call, in milliseconds. Default: a long one. */
  readonly timeout?: number;
  readonly failFastAfter?: number | false;
  readonly lazy?: boolean;
  readonly maxPending?: number;
  /** Whether to connect once only, even if that times out. Default: `false`. */
  readonly once?: boolean;
}
