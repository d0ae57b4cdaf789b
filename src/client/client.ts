import { bytes } from "../codec/bytes.js";
import type { Codec } from "../codec/codec.js";
import type { CallOptions, Driver } from "../driver/driver.js";
import type { Encoded } from "../driver/encoded.js";
import { checkKey, namespacePrefix } from "../driver/key.js";
import { type Duration, milliseconds } from "../duration.js";
import { CodecError, InvalidArgumentError, NotFoundError } from "../errors.js";
import { abortable } from "../internal/abort.js";
import { kindOf } from "../internal/describe.js";
import { attempt, isPromise, resolved } from "../internal/promise.js";
import { MemoryDriver } from "../memory/memory-driver.js";
import { Calls } from "./calls.js";
import { decodeWith, encodeWith } from "./encoding.js";
import { Flights, StoreFailure } from "./flights.js";
import { Lifetime } from "./lifetime.js";
import { list } from "./listing.js";
import { entryList, keyList } from "./lists.js";
import { Log } from "./log.js";
import {
  type ClientArguments,
  type ClientOptions,
  callOptions,
  checkClientOptions,
  checkCodec,
  type WriteOptions,
} from "./options.js";

/** Thrown at every miss and copied for every caller: only the copy pays for a stack. */
const NOT_FOUND = new NotFoundError("the key is missing or expired");

/** What a client shares with its views and siblings. */
interface Family {
  readonly driver: Driver;
  readonly ttl: number;
  readonly log: Log;
  readonly flights: Flights;
}

/** How a view is told from a client that a user makes. */
class ViewOf<TValue> {
  constructor(
    readonly family: Family,
    readonly parent: Lifetime,
    readonly codec: Codec<TValue>,
  ) {}
}

/**
 * Typed access to one namespace of a store. Every storage key is `rootNS:domain:key`, and two clients see each
 * other's keys only when both names are equal.
 *
 * Every method gives a promise and never throws. What it rejects with is a {@link NamestoreError} with a stable
 * `code`, or `signal.reason` after an abort: a `DOMException`, unless it was aborted with another reason.
 *
 * @typeParam TKey - the keys: `string`, a branded {@link Key}, or a template literal such as `` `user:${string}` ``.
 * @typeParam TValue - the values: `Uint8Array`, or what the `codec` option takes.
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
  readonly #driver: Driver;
  readonly #codec: Codec<TValue>;
  readonly #family: Family;
  readonly #lifetime: Lifetime;
  readonly #calls: Calls;
  readonly #ownsDriver: boolean;
  readonly #decode: (stored: Encoded | undefined) => TValue | undefined;
  #closing: Promise<void> | undefined;

  /**
   * @param rootNS - the first part of the prefix, such as the application: non-empty, well formed, without `:`.
   * @param domain - the second part, such as what is stored: likewise.
   * @param options - see {@link ClientOptions}; a `codec` is a must unless the values are `Uint8Array`.
   * @throws InvalidNamespaceError for a bad name.
   * @throws InvalidArgumentError for a bad option.
   */
  constructor(rootNS: string, domain: string, options: ClientOptions<TValue> & { codec: Codec<TValue> });
  constructor(rootNS: string, domain: string, ...options: ClientArguments<TValue>);
  constructor(rootNS: string, domain: string, options: ClientOptions<TValue> | ViewOf<TValue> = {}) {
    this.prefix = namespacePrefix(rootNS, domain);
    this.#rootNS = rootNS;
    this.#domain = domain;
    if (options instanceof ViewOf) {
      this.#family = options.family;
      this.#lifetime = new Lifetime(options.parent);
      this.#codec = options.codec;
      this.#ownsDriver = false;
    } else {
      checkClientOptions(options);
      this.#family = {
        driver: options.driver ?? new MemoryDriver(),
        ttl: options.ttl === undefined ? 0 : milliseconds(options.ttl, "ttl"),
        log: new Log(options.logger, options.logTag),
        flights: new Flights(),
      };
      this.#lifetime = new Lifetime();
      this.#codec = options.codec ?? (bytes as Codec<unknown> as Codec<TValue>);
      this.#ownsDriver = options.driver === undefined;
    }
    this.#driver = this.#family.driver;
    this.#calls = new Calls(this.#driver, this.#lifetime, this.#family.log);
    const codec = this.#codec;
    this.#decode = (stored) => (stored === undefined ? undefined : decodeWith(codec, stored));
  }

  // Basic

  /**
   * Stores a value, in the place of whatever was there and of its TTL.
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
        const ttl = this.#ttl(options, this.#family.ttl);
        this.#family.flights.wrote(this.prefix, key);
        return this.#driver.set(this.prefix, key, encoded, ttl, call);
      },
      same,
    );
  }

  /**
   * Stores a value where the key is missing: of concurrent callers, one gets `true`.
   *
   * @param options - `ttl`: default the client's; 0 for none.
   * @returns `false`: the key is live, and it and its TTL were left alone.
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
        const ttl = this.#ttl(options, this.#family.ttl);
        this.#family.flights.wrote(this.prefix, key);
        return this.#driver.setNX(this.prefix, key, encoded, ttl, call);
      },
      same,
    );
  }

  /**
   * The value. Where a miss is nothing special, {@link find} is the cheaper read.
   *
   * @throws NotFoundError when the key is missing or expired.
   * @throws CodecError when what is stored does not decode.
   */
  get(key: TKey, options?: CallOptions): Promise<TValue> {
    return this.#calls.one(
      "get",
      key,
      options,
      (call) => this.#driver.get(this.prefix, key, call),
      (stored) => decodeWith(this.#codec, required(stored)),
    );
  }

  /**
   * The value, or `undefined` when the key is missing or expired: the read for caches.
   *
   * @throws CodecError when what is stored does not decode.
   * @example
   * ```ts
   * const user = (await users.find(id)) ?? guest;
   * ```
   */
  find(key: TKey, options?: CallOptions): Promise<TValue | undefined> {
    return this.#calls.one("find", key, options, (call) => this.#driver.get(this.prefix, key, call), this.#decode);
  }

  /**
   * Removes a key.
   *
   * @returns `true`: a live key was removed; `false`: there was none.
   */
  delete(key: TKey, options?: CallOptions): Promise<boolean> {
    return this.#calls.one(
      "delete",
      key,
      options,
      (call) => {
        this.#family.flights.wrote(this.prefix, key);
        return this.#driver.delete(this.prefix, key, call);
      },
      same,
    );
  }

  /** Whether the key is live. */
  exists(key: TKey, options?: CallOptions): Promise<boolean> {
    return this.#calls.one("exists", key, options, (call) => this.#driver.exists(this.prefix, key, call), same);
  }

  // Batch

  /**
   * The values of several keys, in one round trip.
   *
   * @returns a Map of the keys that were found, in the order of `keys`.
   * @throws CodecError when one of them does not decode: the call rejects as a whole.
   * @example
   * ```ts
   * const found = await users.mGet(["1", "2", "3"]);
   * found.get("2"); // User | undefined
   * ```
   */
  mGet(keys: Iterable<TKey> & object, options?: CallOptions): Promise<Map<TKey, TValue>> {
    let list: string[] = [];
    return this.#calls.many(
      "mGet",
      options,
      (call) => {
        list = keyList(keys);
        return list.length === 0 ? [] : this.#driver.mGet(this.prefix, list, call);
      },
      (stored) => {
        const found = new Map<TKey, TValue>();
        for (let at = 0; at < list.length; at++) {
          const value = stored[at];
          if (value !== undefined) found.set(list[at] as TKey, decodeWith(this.#codec, value, list[at]));
        }
        return found;
      },
    );
  }

  /**
   * Stores several values with one TTL, all or nothing where the backend can.
   *
   * @param entries - pairs, a Map, or a plain object. Of two pairs for one key, the last counts.
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
        const ttl = this.#ttl(options, this.#family.ttl);
        const encoded: [string, Encoded][] = [];
        for (const [key, value] of entryList(entries))
          encoded.push([key, encodeWith(this.#codec, value as TValue, key)]);
        if (encoded.length === 0) return;
        for (const [key] of encoded) this.#family.flights.wrote(this.prefix, key);
        return this.#driver.mSet(this.prefix, encoded, ttl, call);
      },
      same,
    );
  }

  /**
   * Removes several keys.
   *
   * @returns how many live keys were removed.
   */
  mDel(keys: Iterable<TKey> & object, options?: CallOptions): Promise<number> {
    return this.#calls.many(
      "mDel",
      options,
      (call) => {
        const list = keyList(keys);
        if (list.length === 0) return 0;
        for (const key of list) this.#family.flights.wrote(this.prefix, key);
        return this.#driver.mDel(this.prefix, list, call);
      },
      same,
    );
  }

  // TTL

  /**
   * How long the key still lives.
   *
   * @returns milliseconds, or {@link NO_EXPIRY} (-1) for a key without a TTL.
   * @throws NotFoundError when the key is missing or expired.
   */
  ttl(key: TKey, options?: CallOptions): Promise<number> {
    return this.#calls.one("ttl", key, options, (call) => this.#driver.ttl(this.prefix, key, call), required);
  }

  /**
   * Gives a live key a new TTL, counted from now.
   *
   * @param ttl - more than 0: to take a TTL away there is {@link persist}, and to remove a key {@link delete}.
   * @throws NotFoundError when the key is missing or expired.
   */
  expire(key: TKey, ttl: Duration, options?: CallOptions): Promise<void> {
    return this.#calls.one(
      "expire",
      key,
      options,
      (call) => {
        const span = milliseconds(ttl, "ttl");
        if (span === 0) throw new InvalidArgumentError("ttl is 0; allowed is more than 0: see persist and delete");
        return this.#driver.expire(this.prefix, key, span, call);
      },
      mustExist,
    );
  }

  /**
   * Takes a live key's TTL away; resolves also where there was none.
   *
   * @throws NotFoundError when the key is missing or expired.
   */
  persist(key: TKey, options?: CallOptions): Promise<void> {
    return this.#calls.one("persist", key, options, (call) => this.#driver.persist(this.prefix, key, call), mustExist);
  }

  // Atomic

  /**
   * Adds to a counter; a missing one starts at 0. Counters are decimal text, exact over ±(2^53−1).
   *
   * @param delta - a safe integer. Default: 1.
   * @param options - `ttl` counts only when this call creates the key: a rate limiter in one call. Default: the
   * client's.
   * @returns the counter after it.
   * @throws TypeMismatchError when the stored value is no counter; it stays as it was.
   * @throws OverflowError when the counter is or would be past ±(2^53−1); it stays as it was.
   * @example
   * ```ts
   * if ((await hits.incr(ip, 1, { ttl: "1m" })) > 100) throw new TooManyRequests();
   * ```
   */
  incr(key: TKey, delta = 1, options?: WriteOptions): Promise<number> {
    return this.#add("incr", key, delta, 1, options);
  }

  /** Subtracts from a counter: {@link incr} with the delta's sign turned. */
  decr(key: TKey, delta = 1, options?: WriteOptions): Promise<number> {
    return this.#add("decr", key, delta, -1, options);
  }

  /**
   * Stores a value and gives the one before it, in one step.
   *
   * @param options - `ttl`: default, a live key keeps its own, and a new one gets the client's.
   * @returns the value before, or `undefined`: the key was missing.
   * @throws CodecError when the value before does not decode; the new one is stored all the same.
   */
  getSet(key: TKey, value: TValue, options?: WriteOptions): Promise<TValue | undefined> {
    return this.#calls.one(
      "getSet",
      key,
      options,
      (call) => {
        const encoded = encodeWith(this.#codec, value);
        const ttl = this.#ttl(options, this.#family.ttl);
        this.#family.flights.wrote(this.prefix, key);
        return this.#driver.getSet(this.prefix, key, encoded, ttl, options?.ttl === undefined, call);
      },
      this.#decode,
    );
  }

  /**
   * Stores `newValue` where the stored value is `oldValue`, in one step.
   *
   * What is compared is the encoding: of JSON, another order of keys is another value.
   *
   * @param options - `ttl`: default, the key keeps its own.
   * @returns `false`: the key is missing or holds another value; nothing was changed.
   */
  compareAndSwap(key: TKey, oldValue: TValue, newValue: TValue, options?: WriteOptions): Promise<boolean> {
    return this.#calls.one(
      "compareAndSwap",
      key,
      options,
      (call) => {
        const before = encodeWith(this.#codec, oldValue);
        const after = encodeWith(this.#codec, newValue);
        const ttl = this.#ttl(options, 0);
        this.#family.flights.wrote(this.prefix, key);
        return this.#driver.compareAndSwap(this.prefix, key, before, after, ttl, options?.ttl === undefined, call);
      },
      same,
    );
  }

  /**
   * Removes the key where the stored value is `oldValue`, in one step: the safe way to release a lock.
   *
   * @returns `false`: the key is missing or holds another value; nothing was removed.
   */
  compareAndDelete(key: TKey, oldValue: TValue, options?: CallOptions): Promise<boolean> {
    return this.#calls.one(
      "compareAndDelete",
      key,
      options,
      (call) => {
        const before = encodeWith(this.#codec, oldValue);
        this.#family.flights.wrote(this.prefix, key);
        return this.#driver.compareAndDelete(this.prefix, key, before, call);
      },
      same,
    );
  }

  // Cache

  /**
   * The stored value, or else what `compute` gives, which is then stored. Concurrent calls of this client for one
   * key share one computation, its very result (do not write into it) and the first caller's `ttl`.
   *
   * - When `compute` rejects, all of them reject with its error; nothing is stored, and the next call computes again.
   * - `undefined` is given to all and not stored.
   * - What another writer stored meanwhile is not overwritten, and is what everyone gets. After a write to the key
   *   through this client or its views, what was computed is given and not stored.
   * - When the store times out or is unavailable, it gives what `compute` gives: after the driver's `timeout`, so give a
   *   cache a driver with a short one. Where the read went well and what was computed cannot be stored, that is given as
   *   well, with a warning to the logger, also for a `DriverError`, or an `InvalidArgumentError` of the driver's: the
   *   value is too large for the store, or the TTL too long.
   * - An abort lets go of this caller only.
   *
   * `compute` must not ask the same client for the same key: it would wait for itself.
   *
   * @param options - `ttl`: default the client's; 0 for none.
   * @throws CodecError when what is stored does not decode, or what was computed does not encode.
   * @example
   * ```ts
   * const user = await users.getOrSet(id, (id) => database.loadUser(id), { ttl: "5m" });
   * ```
   */
  getOrSet<R extends TValue | undefined>(
    key: TKey,
    compute: (key: TKey) => R | Promise<R>,
    options?: WriteOptions,
  ): Promise<TValue | Extract<R, undefined>> {
    let call: CallOptions | undefined;
    try {
      call = callOptions(options);
      this.#calls.admit(call);
      checkKey(key);
      if (typeof compute !== "function") {
        throw new InvalidArgumentError(`compute is ${kindOf(compute)}; allowed is a function`);
      }
      const ttl = this.#ttl(options, this.#family.ttl);
      const { flights } = this.#family;
      let flight = flights.find<TValue>(this, this.prefix, key);
      if (flight === undefined) {
        const reply = attempt(() => this.#driver.get(this.prefix, key));
        // A hit that is there at once needs no flight: a sixth of the time.
        if (reply !== undefined && !isPromise(reply)) return resolved(decodeWith(this.#codec, reply));
        flight = flights.start<TValue>(this, this.prefix, key, {
          read: this.#underWay(async () => this.#decode(await reply)),
          compute: () => compute(key),
          store: (value) => this.#underWay(() => this.#storeComputed(key, value, ttl)),
          failed: (reason) => void this.#calls.report(reason, "getOrSet", key),
          closed: () => this.#lifetime.closed,
        });
      }
      return abortable(flight, call?.signal).catch((error: unknown) => {
        throw error instanceof StoreFailure ? this.#calls.completed(error.reason, "getOrSet", key) : error;
      }) as Promise<TValue | Extract<R, undefined>>;
    } catch (error) {
      return Promise.reject(this.#calls.failure(error, "getOrSet", key, call));
    }
  }

  // Namespace

  /**
   * The live keys of this namespace, in no order, each once.
   *
   * @param pattern - `*` any run (`/` included), `?` one code point, `[abc]` `[a-z]` `[^a]` classes, `\x` a literal
   * x. Default: `"*"`.
   * @throws InvalidPatternError when the pattern is malformed.
   */
  async keys(pattern = "*", options?: CallOptions): Promise<TKey[]> {
    const found: string[] = [];
    for await (const keys of this.#list("keys", pattern, options, (batch) => [batch])) {
      for (const key of keys) found.push(key);
    }
    return found as TKey[];
  }

  /**
   * The live keys of this namespace one by one, in no order, each once. A key that is there throughout is listed;
   * one that comes or goes meanwhile may be. Closing the client ends it with `UnavailableError`.
   *
   * @param pattern - as for {@link keys}. Default: `"*"`.
   * @throws InvalidPatternError when the pattern is malformed, at the first step.
   * @example
   * ```ts
   * for await (const key of users.scan("user:*")) console.log(key);
   * ```
   */
  scan(pattern = "*", options?: CallOptions): AsyncIterableIterator<TKey> {
    return this.#list("scan", pattern, options, (batch) => batch) as AsyncIterableIterator<TKey>;
  }

  /** Removes every key of this namespace, and none of another. A key that is written meanwhile may be removed or stay. */
  clear(options?: CallOptions): Promise<void> {
    return this.#calls.many(
      "clear",
      options,
      (call) => {
        this.#family.flights.cleared(this.prefix);
        return this.#driver.clear(this.prefix, call);
      },
      same,
    );
  }

  // Views

  /**
   * The same namespace with other values: the same driver and settings, another codec. It closes with this client.
   *
   * @throws InvalidArgumentError for a bad codec.
   * @example
   * ```ts
   * const raw = users.withCodec(bytes);
   * ```
   */
  withCodec<U>(codec: Codec<U>): Client<TKey, U> {
    checkCodec(codec);
    return this.#view(this.#domain, codec);
  }

  /**
   * A sibling namespace, `rootNS:domain:`, with the same driver, codec and settings. It closes with this client.
   *
   * @throws InvalidNamespaceError for a bad name.
   * @example
   * ```ts
   * const archived = users.domain<UserID>("archived-users");
   * ```
   */
  domain<K extends string>(domain: string): Client<K, TValue> {
    return this.#view(domain, this.#codec);
  }

  /**
   * Refuses new calls of this client and of what was made from it, ends its scans, and resolves when the driver's
   * calls under way have settled; a `compute` of `getOrSet` is not waited for, and what it gives not stored. A driver
   * that the client made itself is closed too; one that was handed in is its owner's. Can be called again.
   */
  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  /** {@link close}, for `await using`: in TypeScript with a `target` of ES2022 to ES2024, or on Node 24. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #shutDown(): Promise<void> {
    await this.#lifetime.close();
    if (this.#ownsDriver) await this.#driver.close?.();
  }

  #view<K extends string, U>(domain: string, codec: Codec<U>): Client<K, U> {
    const options: unknown = new ViewOf(this.#family, this.#lifetime, codec);
    return new Client<K, U>(this.#rootNS, domain, options as ClientOptions<U> & { codec: Codec<U> });
  }

  #ttl(options: WriteOptions | undefined, fallback: number): number {
    const ttl = options?.ttl;
    return ttl === undefined ? fallback : milliseconds(ttl, "ttl");
  }

  #add(operation: string, key: TKey, delta: number, sign: 1 | -1, options?: WriteOptions): Promise<number> {
    return this.#calls.one(
      operation,
      key,
      options,
      (call) => {
        if (!Number.isSafeInteger(delta)) {
          const given = typeof delta === "number" ? String(delta) : kindOf(delta);
          throw new InvalidArgumentError(`delta is ${given}; allowed is a safe integer, within ±(2^53−1)`);
        }
        const ttl = this.#ttl(options, this.#family.ttl);
        this.#family.flights.wrote(this.prefix, key);
        return this.#driver.incr(this.prefix, key, sign * delta + 0, ttl, call); // + 0: never -0
      },
      same,
    );
  }

  /** The last step of `getOrSet`: what fails here, a codec aside, is only a warning. */
  async #storeComputed(key: TKey, value: TValue, ttl: number): Promise<TValue> {
    try {
      const encoded = encodeWith(this.#codec, value);
      if (await this.#driver.setNX(this.prefix, key, encoded, ttl)) return value;
      const theirs = await this.#driver.get(this.prefix, key);
      return theirs === undefined ? value : decodeWith(this.#codec, theirs);
    } catch (reason) {
      if (reason instanceof CodecError) {
        this.#calls.report(reason, "getOrSet", key);
        throw new StoreFailure(reason);
      }
      this.#family.log.warn(this.#calls.completed(reason, "getOrSet", key).message);
      return value;
    }
  }

  /** Something that closing waits for. */
  async #underWay<T>(run: () => Promise<T>): Promise<T> {
    this.#lifetime.enter();
    try {
      return await run();
    } finally {
      this.#lifetime.leave();
    }
  }

  #list<T>(
    operation: string,
    pattern: string,
    options: CallOptions | undefined,
    parts: (batch: string[]) => Iterable<T>,
  ): AsyncIterableIterator<T> {
    const listed = { driver: this.#driver, prefix: this.prefix, calls: this.#calls, lifetime: this.#lifetime };
    return list(listed, operation, pattern, options, parts);
  }
}

function same<T>(answer: T): T {
  return answer;
}

function required<T>(answer: T | undefined): T {
  if (answer === undefined) throw NOT_FOUND;
  return answer;
}

function mustExist(found: boolean): void {
  if (!found) throw NOT_FOUND;
}
