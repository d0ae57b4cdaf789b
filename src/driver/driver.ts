import type { Pattern } from "../glob.js";
import type { Encoded } from "./encoded.js";

/** What a driver's method gives: the answer at once, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/** What every call may be given. */
export interface CallOptions {
  /**
   * Lets go of the call: it rejects with `signal.reason`. What was not yet handed to a socket is withdrawn; the
   * rest may still take effect, and its reply is discarded.
   */
  signal?: AbortSignal | undefined;
}

/** What {@link Driver.ttl} answers for a live key that never expires. */
export const NO_EXPIRY = -1;

/**
 * The seam: what a store must do to serve a `Client`.
 *
 * **What a driver is given.** The client checks and encodes everything. A driver gets
 * - `prefix`: the namespace's prefix, `"rootNS:domain:"`, and beside it `key`, the business key: a non-empty,
 *   well-formed string. A flat backend stores under `prefix + key`; no two namespaces share one such text. Both
 *   may hold any character, a glob's or a protocol's among them, and none of it may leak;
 * - `value`: an {@link Encoded} value. Whichever form it is kept in, a text and its UTF-8 bytes are one value;
 *   what is compared is the bytes. The array is never written again, by either side;
 * - `ttl`: whole milliseconds up to 100 years, 0 for none;
 * - lists that are never empty, and that it does not write into;
 * - `options`: absent, or with a `signal` that has not fired yet. A driver that queues should withdraw on it.
 *
 * **What a driver promises.**
 * - A miss is a value (`undefined`, `false`), never an exception. An expired key is a missing key, in every method.
 * - A key is gone at the millisecond its TTL ends; where the backend is coarser, later, and never earlier.
 * - Every method about one key is atomic: of concurrent callers, each sees all of the other or nothing. An atomic
 *   operation is never emulated by two. `mGet`, `mSet`, `mDel`, `scan` and `clear` are so where the backend can.
 * - Calls about one key take effect in the order in which they were made, awaited or not: a read sees the write before
 *   it.
 * - It answers at once where it can, and with a promise otherwise. It throws, or rejects; both are the same.
 *
 * **What a driver throws** is one of this package's errors without `operation` and `key`, which the client completes,
 * or whatever it caught, which becomes the cause of a `DriverError`. It holds no value and no password, in no property
 * either.
 * - `TimeoutError`, `UnavailableError` and `DriverError` say `"not-applied"` only where no byte of the call was handed
 *   to a socket, or the backend refused the whole call.
 * - What the backend cannot do is a `NotSupportedError` that names the reason and the setting; a key past its limits an
 *   `InvalidKeyError` that names the limit, a value or a TTL past them an `InvalidArgumentError`, with nothing changed.
 * - After `close`, every call is an `UnavailableError`, `"not-applied"`.
 *
 * Prove yours with the suite of `namestore/testing`.
 */
export interface Driver {
  /** A short lower-case name such as `"memory"`: in errors, traces and the suite. */
  readonly name: string;

  /** The value, or `undefined`: missing. */
  get(prefix: string, key: string, options?: CallOptions): Awaitable<Encoded | undefined>;

  /** Replaces the entry and its TTL. */
  set(prefix: string, key: string, value: Encoded, ttl: number, options?: CallOptions): Awaitable<void>;

  /** Stores where the key is missing and answers `true`; leaves a live key and its TTL alone and answers `false`. */
  setNX(prefix: string, key: string, value: Encoded, ttl: number, options?: CallOptions): Awaitable<boolean>;

  /** `true`: a live key was removed. */
  delete(prefix: string, key: string, options?: CallOptions): Awaitable<boolean>;

  /** `true`: the key is live. */
  exists(prefix: string, key: string, options?: CallOptions): Awaitable<boolean>;

  /** A list as long as `keys`, by position: the value, or `undefined` for a missing key. No key comes twice. */
  mGet(prefix: string, keys: readonly string[], options?: CallOptions): Awaitable<(Encoded | undefined)[]>;

  /** Replaces every entry and its TTL, all or nothing where the backend can. No key comes twice. */
  mSet(
    prefix: string,
    entries: readonly (readonly [key: string, value: Encoded])[],
    ttl: number,
    options?: CallOptions,
  ): Awaitable<void>;

  /** How many live keys were removed. No key comes twice. */
  mDel(prefix: string, keys: readonly string[], options?: CallOptions): Awaitable<number>;

  /** Milliseconds left, {@link NO_EXPIRY} for a key without a TTL, or `undefined`: missing. */
  ttl(prefix: string, key: string, options?: CallOptions): Awaitable<number | undefined>;

  /** Gives a live key this TTL, never 0, in the place of its own. `false`: missing. */
  expire(prefix: string, key: string, ttl: number, options?: CallOptions): Awaitable<boolean>;

  /** Takes a live key's TTL away; `true` also where there was none. `false`: missing. */
  persist(prefix: string, key: string, options?: CallOptions): Awaitable<boolean>;

  /**
   * Adds `delta`, a safe integer, to the counter, and answers the sum. A missing key starts at 0 and gets `ttl`;
   * a live one keeps its TTL. Kept as decimal text: `parseCounter` and `addCounter` hold the rules.
   *
   * @throws TypeMismatchError when the value is no counter. The value and its TTL stay as they were.
   * @throws OverflowError when the stored value or the sum is no safe integer. They stay as they were.
   */
  incr(prefix: string, key: string, delta: number, ttl: number, options?: CallOptions): Awaitable<number>;

  /**
   * Stores the value and answers the one before, or `undefined`: the key was missing. A missing key gets `ttl`; a
   * live one keeps its own where `keep` is `true`, and gets `ttl` otherwise.
   */
  getSet(
    prefix: string,
    key: string,
    value: Encoded,
    ttl: number,
    keep: boolean,
    options?: CallOptions,
  ): Awaitable<Encoded | undefined>;

  /**
   * Stores `newValue` where the live value's bytes are those of `oldValue`, and answers `true`; else changes
   * nothing and answers `false`. The TTL stays where `keep` is `true`, and becomes `ttl` otherwise.
   */
  compareAndSwap(
    prefix: string,
    key: string,
    oldValue: Encoded,
    newValue: Encoded,
    ttl: number,
    keep: boolean,
    options?: CallOptions,
  ): Awaitable<boolean>;

  /** Removes the key where the live value's bytes are those of `oldValue`, and answers `true`; else `false`. */
  compareAndDelete(prefix: string, key: string, oldValue: Encoded, options?: CallOptions): Awaitable<boolean>;

  /**
   * Lists the namespace's live keys, in batches of business keys, in any order, each key once. A key that is there
   * throughout is listed; one that comes or goes meanwhile may be. The client matches the pattern; a driver may
   * leave out keys that do not start with `pattern.prefix`. A `return()` of the iterator ends the listing early.
   */
  scan(prefix: string, pattern: Pattern, options?: CallOptions): AsyncIterable<readonly string[]>;

  /** Removes every key of this namespace, and none of another. */
  clear(prefix: string, options?: CallOptions): Awaitable<void>;

  /** Ends what the driver holds: its timers, the connection it opened. Can be called again; see above for later calls. */
  close?(): Awaitable<void>;
}
