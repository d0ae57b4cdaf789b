import { bytes } from "../codec/bytes.js";
import type { Codec } from "../codec/codec.js";
import type { CallOptions } from "../driver/driver.js";
import type { Encoded } from "../driver/encoded.js";
import { namespacePrefix } from "../driver/key.js";
import type { Duration } from "../duration.js";
import { InvalidArgumentError } from "../errors.js";
import { kindOf } from "../internal/describe.js";
import { entryList, keyList } from "./batch-arguments.js";
import { CallRunner, type Reader } from "./call-runner.js";
import type { Computation } from "./computation.js";
import { decodeWith, encodeWith } from "./encoding.js";
import { GetOrSet } from "./get-or-set.js";
import { Lifetime } from "./lifetime.js";
import { list, listAll } from "./listing.js";
import {
  type ClientArguments,
  type ClientOptions,
  checkClientOptions,
  checkCodec,
  type WriteOptions,
} from "./options.js";
import { identity, mustExist, required } from "./receivers.js";
import { newSharedState, type SharedState } from "./shared-state.js";
import { ViewSettings } from "./view-settings.js";
import { checkedDelta, newTtl, ttlOf } from "./write-arguments.js";

/**
 * Typed access to one namespace of a store. Every storage key is `rootNS:domain:key`. Clients share keys only if both
 * names match.
 *
 * Every method, called on its client, returns a promise and never throws. The promise rejects with a
 * {@link NamestoreError} with a stable `code`, or, after an abort, with `signal.reason`: a `DOMException`, unless the
 * signal was aborted with another reason.
 *
 * @typeParam TKey - the keys: `string`, a branded {@link Key}, or a template literal such as `` `user:${string}` ``.
 * @typeParam TValue - the values: `Uint8Array`, or what the `codec` option encodes.
 *
 * @example
 * ```ts
 * type UserID = Key<"UserID">;
 * const users = new Client<UserID, User>("app", "users", { driver, codec: json(), ttl: "1h" });
 * const alice = "1001" as UserID;
 * await users.set(alice, { name: "Alice" });
 * await users.find(alice); // User | undefined
 * ```
 */
export class Client<TKey extends string = string, TValue = Uint8Array> {
  /** The namespace's prefix, `"rootNS:domain:"`. */
  readonly prefix: string;

  readonly #rootNS: string;
  readonly #domain: string;
  readonly #codec: Codec<TValue>;
  readonly #state: SharedState;
  readonly #lifetime: Lifetime;
  readonly #calls: CallRunner;
  readonly #reader: Reader;
  readonly #getOrSet: GetOrSet<TKey, TValue>;
  readonly #ownsDriver: boolean;
  readonly #decode: (stored: Encoded | undefined) => TValue | undefined;
  #closing: Promise<void> | undefined;

  /** @internal How a client makes its views and siblings. */
  constructor(rootNS: string, domain: string, settings: ViewSettings<TValue>);
  /**
   * @param rootNS - the first part of the prefix, such as the application: non-empty, well formed, without `:`.
   * @param domain - the second part, such as what is stored: non-empty, well formed, without `:`.
   * @param options - see {@link ClientOptions}; a `codec` is required unless the values are `Uint8Array`.
   * @throws InvalidNamespaceError for a bad name.
   * @throws InvalidArgumentError for a bad option.
   */
  constructor(rootNS: string, domain: string, options: ClientOptions<TValue> & { codec: Codec<TValue> });
  constructor(rootNS: string, domain: string, ...options: ClientArguments<TValue>);
  constructor(rootNS: string, domain: string, options: ClientOptions<TValue> | ViewSettings<TValue> = {}) {
    this.prefix = namespacePrefix(rootNS, domain);
    this.#rootNS = rootNS;
    this.#domain = domain;
    if (options instanceof ViewSettings) {
      this.#state = options.state;
      this.#lifetime = new Lifetime(options.parent);
      this.#codec = options.codec;
      this.#ownsDriver = false;
    } else {
      checkClientOptions(options);
      this.#state = newSharedState(options);
      this.#lifetime = new Lifetime();
      // Without a codec TValue is Uint8Array, by the type of the options.
      this.#codec = options.codec ?? (bytes as Codec<unknown> as Codec<TValue>);
      this.#ownsDriver = options.driver === undefined;
    }
    const codec = this.#codec;
    this.#decode = (stored) => (stored === undefined ? undefined : decodeWith(codec, stored));
    this.#calls = new CallRunner(this.#state, this.prefix, this.#lifetime);
    this.#reader = this.#calls.reader;
    this.#getOrSet = new GetOrSet(this.#state, this.prefix, codec, this.#lifetime, this.#calls);
  }

  // Basic

  /**
   * Stores a value. Replaces the entry and its TTL.
   *
   * @param options - `ttl`: default the client's; 0 for none.
   * @example
   * ```ts
   * await sessions.set("s1", session, { ttl: "30m" });
   * ```
   */
  set(key: TKey, value: TValue, options?: WriteOptions): Promise<void> {
    return this.#calls.one(
      "set",
      key,
      options,
      (call) => {
        const encoded = encodeWith(this.#codec, value);
        const ttl = ttlOf(options, this.#state.ttl);
        return this.#calls.toWrite(key).set(this.prefix, key, encoded, ttl, call);
      },
      identity,
    );
  }

  /**
   * Stores a value if the key is missing. Of concurrent callers, exactly one gets `true`.
   *
   * @param options - `ttl`: default the client's; 0 for none.
   * @returns `false` if the key is live; its value and its TTL stay as they were.
   * @example
   * ```ts
   * const mine = await locks.setNX("report", token, { ttl: "30s" });
   * ```
   */
  setNX(key: TKey, value: TValue, options?: WriteOptions): Promise<boolean> {
    return this.#calls.one(
      "setNX",
      key,
      options,
      (call) => {
        const encoded = encodeWith(this.#codec, value);
        const ttl = ttlOf(options, this.#state.ttl);
        return this.#calls.toWrite(key).setNX(this.prefix, key, encoded, ttl, call);
      },
      identity,
    );
  }

  /**
   * Returns the value, and rejects on a miss. Where a miss is normal, {@link find} is cheaper.
   *
   * @throws NotFoundError when the key is missing or expired.
   * @throws CodecError when the stored value does not decode.
   */
  get(key: TKey, options?: CallOptions): Promise<TValue> {
    return this.#calls.one(
      "get",
      key,
      options,
      (call) => this.#reader.get(this.prefix, key, call),
      (stored) => decodeWith(this.#codec, required(stored)),
    );
  }

  /**
   * Returns the value, or `undefined` if the key is missing or expired: the read for caches.
   *
   * @throws CodecError when the stored value does not decode.
   * @example
   * ```ts
   * const user = (await users.find(id)) ?? guest;
   * ```
   */
  find(key: TKey, options?: CallOptions): Promise<TValue | undefined> {
    return this.#calls.one("find", key, options, (call) => this.#reader.get(this.prefix, key, call), this.#decode);
  }

  /**
   * Removes a key.
   *
   * @returns `true` if the key was live, `false` if it was missing.
   */
  delete(key: TKey, options?: CallOptions): Promise<boolean> {
    return this.#calls.one(
      "delete",
      key,
      options,
      (call) => this.#calls.toWrite(key).delete(this.prefix, key, call),
      identity,
    );
  }

  /** Returns whether the key is live. */
  exists(key: TKey, options?: CallOptions): Promise<boolean> {
    return this.#calls.one("exists", key, options, (call) => this.#reader.exists(this.prefix, key, call), identity);
  }

  // Batch

  /**
   * Returns the values of several keys, in one round trip.
   *
   * @returns a Map of the keys that were found, in the order of `keys`.
   * @throws CodecError when one of them does not decode: the whole call rejects.
   * @example
   * ```ts
   * const found = await users.mGet(["1", "2", "3"]);
   * found.get("2"); // User | undefined
   * ```
   */
  mGet(keys: Iterable<TKey> & object, options?: CallOptions): Promise<Map<TKey, TValue>> {
    let list: TKey[] = [];
    return this.#calls.many(
      "mGet",
      options,
      (call) => {
        list = keyList(keys);
        return list.length === 0 ? [] : this.#reader.mGet(this.prefix, list, call);
      },
      (stored) => {
        const found = new Map<TKey, TValue>();
        list.forEach((key, at) => {
          const value = stored[at];
          if (value !== undefined) found.set(key, decodeWith(this.#codec, value, key));
        });
        return found;
      },
    );
  }

  /**
   * Stores several values with one TTL, all or nothing where the backend can do it.
   *
   * @param entries - pairs, a Map, or a plain object. Of several pairs for one key, the last counts.
   * @param options - `ttl`: default the client's; 0 for none.
   * @example
   * ```ts
   * await users.mSet({ "1": alice, "2": bob }, { ttl: "1h" });
   * ```
   */
  mSet(
    entries: Iterable<readonly [TKey, TValue]> | Readonly<Partial<Record<TKey, TValue>>>,
    options?: WriteOptions,
  ): Promise<void> {
    return this.#calls.many(
      "mSet",
      options,
      (call) => {
        const ttl = ttlOf(options, this.#state.ttl);
        const list = entryList<TValue>(entries);
        const encoded: [string, Encoded][] = [];
        for (const [key, value] of list) encoded.push([key, encodeWith(this.#codec, value, key)]);
        if (encoded.length === 0) return;
        return this.#calls.toWriteAll(list.keys()).mSet(this.prefix, encoded, ttl, call);
      },
      identity,
    );
  }

  /**
   * Removes several keys.
   *
   * @returns how many of them were live.
   */
  mDel(keys: Iterable<TKey> & object, options?: CallOptions): Promise<number> {
    return this.#calls.many(
      "mDel",
      options,
      (call) => {
        const list = keyList(keys);
        return list.length === 0 ? 0 : this.#calls.toWriteAll(list).mDel(this.prefix, list, call);
      },
      identity,
    );
  }

  // TTL

  /**
   * Returns how long the key still lives.
   *
   * @returns milliseconds, or {@link NO_EXPIRY} (-1) for a key without a TTL.
   * @throws NotFoundError when the key is missing or expired.
   */
  ttl(key: TKey, options?: CallOptions): Promise<number> {
    return this.#calls.one("ttl", key, options, (call) => this.#reader.ttl(this.prefix, key, call), required);
  }

  /**
   * Gives a live key a new TTL, counted from now.
   *
   * @param ttl - more than 0. {@link persist} removes a TTL, and {@link delete} removes a key.
   * @throws NotFoundError when the key is missing or expired.
   */
  expire(key: TKey, ttl: Duration, options?: CallOptions): Promise<void> {
    return this.#calls.one(
      "expire",
      key,
      options,
      (call) => this.#reader.expire(this.prefix, key, newTtl(ttl), call),
      mustExist,
    );
  }

  /**
   * Removes the TTL of a live key. Resolves also if it had none.
   *
   * @throws NotFoundError when the key is missing or expired.
   */
  persist(key: TKey, options?: CallOptions): Promise<void> {
    return this.#calls.one("persist", key, options, (call) => this.#reader.persist(this.prefix, key, call), mustExist);
  }

  // Atomic

  /**
   * Adds to a counter. A missing key starts at 0. Counters are decimal text, exact over ±(2^53−1).
   *
   * @param delta - a safe integer. Default: 1.
   * @param options - `ttl` applies only if this call creates the key, which makes a rate limiter of one call. Default:
   * the client's.
   * @returns the new count.
   * @throws TypeMismatchError when the stored value is not a counter; it stays as it was.
   * @throws OverflowError when the count is or would be beyond ±(2^53−1); it stays as it was.
   * @example
   * ```ts
   * if ((await hits.incr(ip, 1, { ttl: "1m" })) > 100) throw new TooManyRequests();
   * ```
   */
  incr(key: TKey, delta = 1, options?: WriteOptions): Promise<number> {
    return this.#calls.one(
      "incr",
      key,
      options,
      (call) => {
        const sum = checkedDelta(delta);
        const ttl = ttlOf(options, this.#state.ttl);
        return this.#calls.toWrite(key).incr(this.prefix, key, sum, ttl, call);
      },
      identity,
    );
  }

  /** Subtracts from a counter: {@link incr} with the opposite delta. */
  decr(key: TKey, delta = 1, options?: WriteOptions): Promise<number> {
    return this.#calls.one(
      "decr",
      key,
      options,
      (call) => {
        const difference = 0 - checkedDelta(delta);
        const ttl = ttlOf(options, this.#state.ttl);
        return this.#calls.toWrite(key).incr(this.prefix, key, difference, ttl, call);
      },
      identity,
    );
  }

  /**
   * Stores a value and returns the previous one, in one step.
   *
   * @param options - `ttl`: by default a live key keeps its TTL, and a new key gets the client's.
   * @returns the previous value, or `undefined` if the key was missing.
   * @throws CodecError when the previous value does not decode; the new one is stored all the same.
   */
  getSet(key: TKey, value: TValue, options?: WriteOptions): Promise<TValue | undefined> {
    return this.#calls.one(
      "getSet",
      key,
      options,
      (call) => {
        const encoded = encodeWith(this.#codec, value);
        const ttl = ttlOf(options, this.#state.ttl);
        const keep = options?.ttl === undefined;
        return this.#calls.toWrite(key).getSet(this.prefix, key, encoded, ttl, keep, call);
      },
      this.#decode,
    );
  }

  /**
   * Stores `newValue` if the stored value is `oldValue`, in one step.
   *
   * The encoded values are compared: in JSON, objects with their keys in another order are different. After a schema has
   * gained a default, what was read is encoded with it, and never equals what is stored without it: then write the value
   * anew by {@link set} or {@link getSet} first. The next release brings `update`, which compares what was read.
   *
   * @param options - `ttl`: by default the key keeps its TTL.
   * @returns `false` if the key is missing or holds another value; nothing was changed.
   */
  compareAndSwap(key: TKey, oldValue: TValue, newValue: TValue, options?: WriteOptions): Promise<boolean> {
    return this.#calls.one(
      "compareAndSwap",
      key,
      options,
      (call) => {
        const before = encodeWith(this.#codec, oldValue);
        const after = encodeWith(this.#codec, newValue);
        const ttl = ttlOf(options, 0);
        const keep = options?.ttl === undefined;
        return this.#calls.toWrite(key).compareAndSwap(this.prefix, key, before, after, ttl, keep, call);
      },
      identity,
    );
  }

  /**
   * Removes the key if the stored value is `oldValue`, in one step: the safe way to release a lock.
   *
   * @returns `false` if the key is missing or holds another value; nothing was removed.
   */
  compareAndDelete(key: TKey, oldValue: TValue, options?: CallOptions): Promise<boolean> {
    return this.#calls.one(
      "compareAndDelete",
      key,
      options,
      (call) => {
        const before = encodeWith(this.#codec, oldValue);
        return this.#calls.toWrite(key).compareAndDelete(this.prefix, key, before, call);
      },
      identity,
    );
  }

  // Cache

  /**
   * Returns the stored value. On a miss, calls `compute`, stores its result and returns it as a later reader gets it,
   * through the codec. Concurrent calls of this client for one key share one computation, its result (the same object:
   * do not change it) and the first caller's `ttl`.
   *
   * - If `compute` rejects, all callers reject with its error. Nothing is stored, and the next call computes again.
   * - If `compute` returns `undefined`, all callers get it, and nothing is stored.
   * - If another writer stored a value meanwhile, it stays, and all callers get it. If the key was written through this
   *   client or its views meanwhile, callers get the computed value, and it is not stored.
   * - A stored value that does not decode counts as a miss: the computed value replaces it, unless another writer did so
   *   first, and the logger gets a warning.
   * - If the read times out or the store is unavailable, callers get the computed value. That takes the driver's
   *   `timeout`, so choose a short one for a cache. If only storing the computed value fails, callers get it too, and
   *   the logger gets a warning. This also applies to a `DriverError`, and to what this driver cannot store: the key or
   *   the value is too large, or the TTL too long.
   * - An abort ends the wait of this caller only. When all callers have aborted, the computation is given up: the signal
   *   that `compute` received fires, and the next caller starts a new one. If it ends all the same, its value is stored
   *   unless a new one was started.
   *
   * `compute` must not call `getOrSet` of the same client for the same key: it would wait for itself.
   *
   * @param compute - receives the key and `{ signal }`, which fires when all callers have aborted or the client closes.
   * @param options - `ttl`: default the client's; 0 for none.
   * @throws CodecError when the computed value does not encode, or does not decode after that.
   * @example
   * ```ts
   * const user = await users.getOrSet(id, (id, { signal }) => database.loadUser(id, { signal }), { ttl: "5m" });
   * ```
   */
  getOrSet<R extends TValue | undefined>(
    key: TKey,
    compute: (key: TKey, computation: Computation) => R | Promise<R>,
    options?: WriteOptions,
  ): Promise<TValue | Missing<R>> {
    const result: Promise<TValue | undefined> = this.#calls.computed("getOrSet", key, options, (call) => {
      if (typeof compute !== "function") {
        throw new InvalidArgumentError(`compute is ${kindOf(compute)}; allowed is a function`);
      }
      return this.#getOrSet.find(key, compute, ttlOf(options, this.#state.ttl), call?.signal);
    });
    // It is undefined only where `compute` returned undefined.
    return result as Promise<TValue | Missing<R>>;
  }

  // Namespace

  /**
   * Returns the live keys of this namespace, in no order, each once.
   *
   * @param pattern - `*` any run (`/` included), `?` one code point, `[abc]` `[a-z]` `[^a]` classes, `\x` a literal
   * x. Default: `"*"`.
   * @throws InvalidPatternError when the pattern is malformed.
   */
  keys(pattern = "*", options?: CallOptions): Promise<TKey[]> {
    return this.#calls.many(
      "keys",
      options,
      (call) => listAll(list<TKey>(this.#reader, this.prefix, this.#lifetime, pattern, call)),
      identity,
    );
  }

  /**
   * Iterates over the live keys of this namespace, in no order, each once. A key that is live throughout is listed;
   * one that is added or removed meanwhile may be. Closing the client ends it with `UnavailableError`.
   *
   * @param pattern - as for {@link keys}. Default: `"*"`.
   * @throws InvalidPatternError when the pattern is malformed, at the first step.
   * @example
   * ```ts
   * for await (const key of users.scan("user:*")) console.log(key);
   * ```
   */
  scan(pattern = "*", options?: CallOptions): AsyncIterableIterator<TKey> {
    return this.#calls.each("scan", options, (call) =>
      list<TKey>(this.#reader, this.prefix, this.#lifetime, pattern, call),
    );
  }

  /** Removes every key of this namespace, and of no other. A key that is written meanwhile may be removed or stay. */
  clear(options?: CallOptions): Promise<void> {
    return this.#calls.many("clear", options, (call) => this.#calls.toClear().clear(this.prefix, call), identity);
  }

  // Views

  /**
   * Returns a client of the same namespace, driver and settings with another codec. It closes with this client.
   *
   * @throws InvalidArgumentError for a bad codec.
   * @example
   * ```ts
   * const raw = users.withCodec(bytes);
   * ```
   */
  withCodec<U>(codec: Codec<U>): Client<TKey, U> {
    checkCodec(codec);
    return new Client<TKey, U>(this.#rootNS, this.#domain, new ViewSettings(this.#state, this.#lifetime, codec));
  }

  /**
   * Returns a client of a sibling namespace, `rootNS:domain:`, with the same driver, codec and settings. It closes with
   * this client.
   *
   * @throws InvalidNamespaceError for a bad name.
   * @example
   * ```ts
   * const archived = users.domain<UserID>("archived-users");
   * ```
   */
  domain<K extends string>(domain: string): Client<K, TValue> {
    return new Client<K, TValue>(this.#rootNS, domain, new ViewSettings(this.#state, this.#lifetime, this.#codec));
  }

  /**
   * Closes this client and the clients made from it. New calls are rejected, scans end, and it resolves when the calls
   * of the driver that are under way have settled. It does not wait for a `compute` of `getOrSet`, whose result is not
   * stored. A driver that the client made itself is closed too; a driver that was passed in stays open. May be called
   * again.
   */
  close(): Promise<void> {
    this.#closing ??= this.#lifetime.close().then(() => (this.#ownsDriver ? this.#state.driver.close?.() : undefined));
    return this.#closing;
  }

  /** {@link close}, for `await using`: in TypeScript with a `target` of ES2022 to ES2024, or on Node 24. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** `undefined` if a computation may return it. One of type `any` counts as a computation of the client's values. */
type Missing<R> = 0 extends 1 & R ? never : Extract<R, undefined>;
