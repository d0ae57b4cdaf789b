import { type Buffer, isUtf8 } from "node:buffer";
import type { CallOptions, Driver } from "../driver/driver.js";
import type { Encoded } from "../driver/encoded.js";
import type { Supports } from "../driver/supports.js";
import type { Pattern } from "../glob.js";
import { Admission } from "../net/admission.js";
import { allParts, partialFailure } from "../net/outcomes.js";
import { Batcher } from "./commands/batcher.js";
import * as commands from "./commands/commands.js";
import { connect } from "./connect.js";
import {
  type ExternalOptions,
  externalLimitsOf,
  type RedisOptions,
  type RedisSettings,
  redisSettingsOf,
} from "./options.js";
import { External, type RedisConnection } from "./routing/external.js";
import type { Router } from "./routing/router.js";
import { scan } from "./scan.js";

/**
 * A store in Redis 7 or later: one server, a primary behind Sentinels, or a Cluster. Every atomic operation is one command
 * or one script. Calls of one kind that are made in one tick share a command, and all are sent in the order they were made.
 *
 * Nothing is sent twice, except what the server refused without doing it. A call that fails on its way says by its
 * `outcome` whether it may have taken effect. On a connection of its own, from {@link RedisDriver.connect}, no late reply
 * meets another call; for a client that was passed in see the constructor.
 *
 * On a Cluster, `mGet`, `mSet` and `mDel` are split by slot, so `mSet` is all or nothing within a slot only. Keys with
 * the same `{tag}` share a slot.
 *
 * @example
 * ```ts
 * import { Client, text } from "namestore";
 * import { RedisDriver } from "namestore/redis";
 *
 * const driver = await RedisDriver.connect("redis://localhost:6379");
 * const visits = new Client("app", "visits", { driver, codec: text });
 * (await visits.incr("/home", 1, { ttl: "1d" })) > 0; // → true
 * driver.close();
 * ```
 * @see https://redis.io/docs/latest/commands/ for the commands behind it
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags for slots and tags
 */
export class RedisDriver implements Driver {
  /** In errors, and in the titles of the conformance suite. */
  readonly name = "redis";
  /** A Cluster stores an `mSet` slot by slot. */
  readonly supports: Supports;
  readonly #router: Router;
  readonly #batcher: Batcher;
  readonly #admission: Admission;
  readonly #timeout: number;

  /**
   * Uses a client that you bring, and leaves it open when the driver closes: see {@link RedisConnection}.
   *
   * The driver cannot close your connection, so it guarantees less than over one of its own. After a timeout the client's
   * library may still send what it holds, even after later calls: every `TimeoutError` has the outcome `"unknown"`. After
   * a malformed reply the library may hand a call the reply of another. What follows a lost connection is up to the
   * library.
   *
   * While the client is not open, because it is not connected yet or closed already, calls reject with
   * `UnavailableError`, not applied.
   *
   * @param connection - a client or a cluster of node-redis (5.6 or later, or 6), connected or about to be, or of ioredis
   * (5.3 or later, or 6).
   * @param options - see {@link ExternalOptions}.
   * @throws InvalidArgumentError for anything else, for an option of the client that would break a guarantee, by name,
   * and for limits that are out of range.
   * @example
   * ```ts
   * import { Redis } from "ioredis";
   * import { Client, text } from "namestore";
   * import { RedisDriver } from "namestore/redis";
   *
   * const connection = new Redis("redis://localhost:6379", { autoResendUnfulfilledCommands: false });
   * const driver = new RedisDriver(connection, { timeout: "2s" });
   * const names = new Client("app", "names", { driver, codec: text });
   * await names.set("1", "Alice");
   * await names.find("1"); // → "Alice"
   * connection.disconnect();
   * ```
   * @see https://github.com/redis/ioredis#auto-reconnect for what ioredis sends again
   */
  constructor(connection: RedisConnection, options?: ExternalOptions);
  /** @internal For {@link RedisDriver.connect}. */
  constructor(connected: Connected);
  constructor(connection: RedisConnection | Connected, options: ExternalOptions = {}) {
    const { timeout, maxPending } = connection instanceof Connected ? connection.settings : externalLimitsOf(options);
    this.#timeout = timeout;
    this.#router = connection instanceof Connected ? connection.router : new External(connection, timeout);
    this.supports = { atomicMSet: !this.#router.clustered };
    this.#admission = new Admission(maxPending);
    this.#batcher = new Batcher(this.#router, timeout, this.#admission);
  }

  /**
   * Opens connections of the driver's own, through the package `redis`: an optional peer dependency, to be installed.
   *
   * It tries once, and settles within `timeout` and a second, the handshake included; with the option `lazy` it resolves
   * at once. From then on a connection that is lost is replaced, indefinitely: at once, then after 20 ms, later every
   * second. An idle connection is probed once a `timeout`. {@link RedisDriver.close} closes all of them. One node of a
   * Cluster that answers is enough.
   *
   * The messages of the last three errors below begin with the addresses that were tried, as `host:port`.
   *
   * @param options - a URL, as a string or a `URL`, or {@link RedisOptions}; `{}` connects to a server on this machine.
   * @throws InvalidArgumentError for a bad option, by name, and for an unknown one; it shows no URL and no password.
   * @throws NotSupportedError when the package `redis` is not installed, too old or cannot be loaded, the server refuses
   * RESP3, or the option `cluster` names a server that is not part of a Cluster.
   * @throws UnavailableError, not applied, when the connection is refused, or what answers is not such a server.
   * @throws TimeoutError, not applied, when nobody answers.
   * @throws DriverError, not applied, when Redis refuses the user, the password, or a command of the handshake.
   * @example
   * ```ts
   * import { RedisDriver } from "namestore/redis";
   *
   * const driver = await RedisDriver.connect({ url: "redis://localhost:6379", database: 1, timeout: "2s" });
   * driver.close();
   * ```
   * @see https://redis.io/docs/latest/develop/reference/sentinel-clients/ for how a primary is found
   */
  static async connect(options: string | URL | RedisOptions): Promise<RedisDriver> {
    const settings = redisSettingsOf(options);
    return new RedisDriver(new Connected(await connect(settings), settings));
  }

  get(prefix: string, key: string, options?: CallOptions): Promise<Encoded | undefined> {
    return this.#batcher.call(commands.GET, prefix, key, undefined, options);
  }

  set(prefix: string, key: string, value: Encoded, ttl: number, options?: CallOptions): Promise<void> {
    return ttl === 0
      ? this.#batcher.call(commands.SET, prefix, key, value, options)
      : this.#batcher.call(commands.SET_TTL, prefix, key, { value, ttl }, options);
  }

  setNX(prefix: string, key: string, value: Encoded, ttl: number, options?: CallOptions): Promise<boolean> {
    return this.#batcher.call(commands.SET_NX, prefix, key, { value, ttl }, options);
  }

  delete(prefix: string, key: string, options?: CallOptions): Promise<boolean> {
    return this.#batcher.call(commands.DELETE, prefix, key, undefined, options);
  }

  exists(prefix: string, key: string, options?: CallOptions): Promise<boolean> {
    return this.#batcher.call(commands.EXISTS, prefix, key, undefined, options);
  }

  mGet(prefix: string, keys: readonly string[], options?: CallOptions): Promise<(Encoded | undefined)[]> {
    const values: (Encoded | undefined)[] = new Array(keys.length);
    return this.#admission.during(async () => {
      await this.#bySlot(storageKeys(prefix, keys), async (slot, part, places) => {
        const found = await this.#batcher.part(slot, commands.MGET, prefix, part, undefined, options);
        for (const [at, value] of found.entries()) values[places[at] as number] = value;
      });
      return values;
    });
  }

  mSet(
    prefix: string,
    entries: readonly (readonly [string, Encoded])[],
    ttl: number,
    options?: CallOptions,
  ): Promise<void> {
    const keys = entries.map(([key]) => prefix + key);
    return this.#admission.during(() =>
      this.#bySlot(keys, (slot, part, places) => {
        const values = places.map((place) => (entries[place] as (typeof entries)[number])[1]);
        return ttl === 0
          ? this.#batcher.part(slot, commands.MSET, prefix, part, values, options)
          : this.#batcher.part(slot, commands.MSET_TTL, prefix, part, { values, ttl }, options);
      }),
    );
  }

  mDel(prefix: string, keys: readonly string[], options?: CallOptions): Promise<number> {
    return this.#admission.during(() => this.#delete(storageKeys(prefix, keys), options));
  }

  ttl(prefix: string, key: string, options?: CallOptions): Promise<number | undefined> {
    return this.#batcher.call(commands.TTL, prefix, key, undefined, options);
  }

  expire(prefix: string, key: string, ttl: number, options?: CallOptions): Promise<boolean> {
    return this.#batcher.call(commands.EXPIRE, prefix, key, ttl, options);
  }

  persist(prefix: string, key: string, options?: CallOptions): Promise<boolean> {
    return this.#batcher.call(commands.PERSIST, prefix, key, undefined, options);
  }

  incr(prefix: string, key: string, delta: number, ttl: number, options?: CallOptions): Promise<number> {
    return this.#batcher.call(commands.INCR, prefix, key, { delta, ttl }, options);
  }

  getSet(
    prefix: string,
    key: string,
    value: Encoded,
    ttl: number,
    keep: boolean,
    options?: CallOptions,
  ): Promise<Encoded | undefined> {
    if (!keep) return this.#batcher.call(commands.GET_SET, prefix, key, { value, ttl }, options);
    return ttl === 0
      ? this.#batcher.call(commands.GET_SET_KEEP, prefix, key, value, options)
      : this.#batcher.call(commands.GET_SET_KEEP_TTL, prefix, key, { value, ttl }, options);
  }

  compareAndSwap(
    prefix: string,
    key: string,
    oldValue: Encoded,
    newValue: Encoded,
    ttl: number,
    keep: boolean,
    options?: CallOptions,
  ): Promise<boolean> {
    return this.#batcher.call(commands.COMPARE_AND_SWAP, prefix, key, { oldValue, newValue, ttl, keep }, options);
  }

  compareAndDelete(prefix: string, key: string, oldValue: Encoded, options?: CallOptions): Promise<boolean> {
    return this.#batcher.call(commands.COMPARE_AND_DELETE, prefix, key, oldValue, options);
  }

  async *scan(prefix: string, pattern: Pattern, options?: CallOptions): AsyncGenerator<string[], void, void> {
    // Earlier calls are sent first.
    this.#batcher.flush();
    const seen = new Set<string>();
    for await (const keys of scan(this.#router, prefix + pattern.prefix, this.#timeout, options)) {
      const page: string[] = [];
      for (const key of keys) {
        // Other programs may have written keys that are not UTF-8: no client can name them.
        const name = isUtf8(key) ? key.toString().slice(prefix.length) : "";
        if (name === "" || seen.has(name)) continue;
        seen.add(name);
        page.push(name);
      }
      yield page;
    }
  }

  clear(prefix: string, options?: CallOptions): Promise<void> {
    return this.#admission.during(async () => {
      this.#batcher.flush();
      let removed = 0;
      try {
        for await (const keys of scan(this.#router, prefix, this.#timeout, options)) {
          removed += await this.#delete(keys, options);
        }
      } catch (reason) {
        throw removed === 0 ? reason : partialFailure(reason);
      }
    });
  }

  /**
   * Cuts off what is pending: calls that were sent reject with the outcome `"unknown"`, all later calls with
   * `UnavailableError`, not applied. To let pending calls finish, close the clients first. It closes the connections that
   * {@link RedisDriver.connect} opened; a client that was passed in stays open. It can be called again.
   */
  close(): void {
    this.#admission.close();
    this.#router.close();
  }

  /** {@link RedisDriver.close}, for `await using`: in TypeScript with a `target` of ES2022 to ES2024, or on Node 24. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #delete(keys: readonly (string | Buffer)[], options: CallOptions | undefined): Promise<number> {
    let removed = 0;
    await this.#bySlot(keys, async (slot, part) => {
      const count = await this.#batcher.part(slot, commands.MDEL, "", part, undefined, options);
      removed += count;
    });
    return removed;
  }

  /** Sends the keys of each slot side by side. `places` are those of the part's keys in the list. */
  async #bySlot(
    keys: readonly (string | Buffer)[],
    send: (slot: number, part: (string | Buffer)[], places: number[]) => Promise<void>,
  ): Promise<void> {
    const slots = new Map<number, { readonly part: (string | Buffer)[]; readonly places: number[] }>();
    for (const [place, key] of keys.entries()) {
      const slot = this.#router.slotOf(key);
      const { part, places } = slots.get(slot) ?? { part: [], places: [] };
      part.push(key);
      places.push(place);
      slots.set(slot, { part, places });
    }
    await allParts(Array.from(slots, ([slot, { part, places }]) => send(slot, part, places)));
  }
}

/** What `connect` makes a driver of. */
class Connected {
  constructor(
    readonly router: Router,
    readonly settings: RedisSettings,
  ) {}
}

function storageKeys(prefix: string, keys: readonly string[]): string[] {
  return keys.map((key) => prefix + key);
}
