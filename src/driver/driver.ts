import type { Pattern } from "../glob.js";
import type { Encoded } from "./encoded.js";
import type { Supports } from "./supports.js";

/**
 * The driver contract: what a store must do to serve a `Client`.
 *
 * **What a driver receives.** The client checks and encodes everything. A driver receives
 * - `prefix`: the namespace's prefix, `"rootNS:domain:"`. Beside it `key`, the business key: a non-empty, well-formed
 *   string. A flat backend stores under `prefix + key`, the storage key; no two namespaces share one. Both may hold any
 *   character, including those that mean something in a pattern or a protocol, and none of them may take effect there;
 * - `value`: an {@link Encoded} value. A string and its UTF-8 bytes are the same value, whichever form is stored, and
 *   comparisons compare bytes. Neither side ever writes into the array;
 * - `ttl`: a whole number of milliseconds up to 100 years, 0 for none;
 * - lists that are never empty, and that it must not change;
 * - `options`: absent, or with a `signal` that has not fired yet. A driver that queues calls should withdraw the call
 *   when it fires.
 *
 * **What a driver guarantees.**
 * - A miss is a value (`undefined`, `false`), never an exception. An expired key is a missing key, in every method.
 * - A key is missing from the millisecond in which its TTL ends. Where the backend is coarser, that may be later, but
 *   never earlier.
 * - Every method about one key is atomic: of concurrent callers, each sees all of the other's effect or none. An atomic
 *   operation is never emulated by two. `mGet`, `mSet`, `mDel`, `scan` and `clear` are atomic where the backend can do
 *   it.
 * - Calls about one key take effect in the order in which they were made, awaited or not: a read sees the write made
 *   before it.
 * - A method returns its result directly where it can, and a promise of it otherwise. It may throw or reject; both mean
 *   the same.
 *
 * **What a driver throws** is one of this package's errors without `operation` and `key`, which the client adds, or
 * whatever it caught, which becomes the cause of a `DriverError`. No error holds a value or a password, in any property.
 * - `TimeoutError`, `UnavailableError` and `DriverError` have the outcome `"not-applied"` only if no byte of the call
 *   was passed to a socket, or the backend refused the whole call.
 * - What the backend cannot do is a `NotSupportedError` that names the reason and the setting. A key beyond its limits
 *   is an `InvalidKeyError` that names the limit; a value or a TTL beyond them is an `InvalidArgumentError`. Nothing was
 *   changed then.
 * - After `close`, every call is an `UnavailableError`, `"not-applied"`.
 *
 * Test a driver with the suite of `namestore/testing`.
 */
export interface Driver {
  /** A short lower-case name such as `"memory"`, for errors, traces and the suite. */
  readonly name: string;

  /** What the driver can do beyond having these methods. Default: everything. */
  readonly supports?: Supports | undefined;

  /** Returns the value, or `undefined` for a missing key. */
  get(prefix: string, key: string, options?: CallOptions): Awaitable<Encoded | undefined>;

  /** Stores the value. Replaces the entry and its TTL. */
  set(prefix: string, key: string, value: Encoded, ttl: number, options?: CallOptions): Awaitable<void>;

  /** Stores the value and returns `true` if the key is missing. Otherwise leaves the entry and its TTL, and returns `false`. */
  setNX(prefix: string, key: string, value: Encoded, ttl: number, options?: CallOptions): Awaitable<boolean>;

  /** Removes the key. Returns whether it was live. */
  delete(prefix: string, key: string, options?: CallOptions): Awaitable<boolean>;

  /** Returns whether the key is live. */
  exists(prefix: string, key: string, options?: CallOptions): Awaitable<boolean>;

  /**
   * Returns a list as long as `keys`: at each position the value of that key, or `undefined` if it is missing. `keys`
   * has no duplicates.
   */
  mGet(prefix: string, keys: readonly string[], options?: CallOptions): Awaitable<(Encoded | undefined)[]>;

  /** Replaces every entry and its TTL, all or nothing where the backend can do it. `entries` has no duplicate keys. */
  mSet(
    prefix: string,
    entries: readonly (readonly [key: string, value: Encoded])[],
    ttl: number,
    options?: CallOptions,
  ): Awaitable<void>;

  /** Removes the keys. Returns how many of them were live. `keys` has no duplicates. */
  mDel(prefix: string, keys: readonly string[], options?: CallOptions): Awaitable<number>;

  /** Returns the milliseconds left, {@link NO_EXPIRY} for a key without a TTL, or `undefined` for a missing key. */
  ttl(prefix: string, key: string, options?: CallOptions): Awaitable<number | undefined>;

  /** Replaces the TTL of a live key by `ttl`, which is never 0. Returns `false` for a missing key. */
  expire(prefix: string, key: string, ttl: number, options?: CallOptions): Awaitable<boolean>;

  /** Removes the TTL of a live key. Returns `true` also if it had none, and `false` for a missing key. */
  persist(prefix: string, key: string, options?: CallOptions): Awaitable<boolean>;

  /**
   * Adds `delta`, a safe integer, to the counter, and returns the sum. A missing key starts at 0 and gets `ttl`; a live
   * key keeps its TTL. A counter is stored as decimal text: `parseCounter` and `addCounter` implement the rules.
   *
   * @throws TypeMismatchError when the value is not a counter. The value and its TTL stay as they were.
   * @throws OverflowError when the stored value or the sum is not a safe integer. The value and its TTL stay as they were.
   */
  incr(prefix: string, key: string, delta: number, ttl: number, options?: CallOptions): Awaitable<number>;

  /**
   * Stores the value and returns the previous one, or `undefined` if the key was missing. A missing key gets `ttl`. A
   * live key keeps its TTL if `keep` is `true`, and gets `ttl` otherwise.
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
   * Stores `newValue` and returns `true` if the bytes of the live value are those of `oldValue`. Otherwise changes
   * nothing and returns `false`. The key keeps its TTL if `keep` is `true`, and gets `ttl` otherwise.
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

  /** Removes the key and returns `true` if the bytes of the live value are those of `oldValue`. Otherwise returns `false`. */
  compareAndDelete(prefix: string, key: string, oldValue: Encoded, options?: CallOptions): Awaitable<boolean>;

  /**
   * Lists the namespace's live keys in batches of business keys, in any order, each key once. A key that is live
   * throughout the listing is listed; one that is added or removed meanwhile may be. The client matches the pattern; a
   * driver may leave out keys that do not start with `pattern.prefix`. Calling `return()` of the iterator ends the
   * listing early.
   */
  scan(prefix: string, pattern: Pattern, options?: CallOptions): AsyncIterable<readonly string[]>;

  /** Removes every key of this namespace, and of no other. */
  clear(prefix: string, options?: CallOptions): Awaitable<void>;

  /** Releases what the driver holds: its timers and the connections it opened. May be called again. */
  close?(): Awaitable<void>;
}

/** What a driver's method returns: the result, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/** The options of every call. */
export interface CallOptions {
  /**
   * Aborts the call: it rejects with `signal.reason`. What was not yet passed to a socket is withdrawn. The rest may
   * still take effect, and its reply is discarded.
   */
  signal?: AbortSignal | undefined;
}

/** What {@link Driver.ttl} returns for a live key that never expires. */
export const NO_EXPIRY = -1;
