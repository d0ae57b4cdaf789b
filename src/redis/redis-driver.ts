import { type Buffer, isUtf8 } from "node:buffer";
import type { CallOptions, Driver } from "../driver/driver.js";
import type { Encoded } from "../driver/encoded.js";
import type { Supports } from "../driver/supports.js";
import type { Pattern } from "../glob.js";
import { allParts, partly } from "../internal/outcomes.js";
import { connect } from "./connect.js";
import { HandedInTopology, type RedisConnection } from "./handed-in.js";
import * as kinds from "./kinds.js";
import { type HandedInOptions, handedInLimitsOf, type RedisOptions, type Settings, settingsOf } from "./options.js";
import { Pipeline } from "./pipeline.js";
import type { Topology } from "./topology.js";
import { walk } from "./walk.js";

/** What `connect` makes. */
class Owned {
  constructor(
    readonly topology: Topology,
    readonly settings: Settings,
  ) {}
}

/**
 * A store in Redis 7 or newer: a server, a primary behind Sentinels, or a Cluster. Every atomic operation is one command or
 * one script. Calls of one kind that are made in one tick share a command, and all are sent in the order they were made.
 *
 * Nothing is sent twice, but for what the server refused without doing it. A call that fails on its way says by its
 * `outcome` whether it may have taken effect. On a connection of its own, from {@link RedisDriver.connect}, no late reply
 * meets another call; for one that was handed in see the constructor.
 *
 * On a Cluster, `mGet`, `mSet` and `mDel` go to each slot by themselves, so `mSet` is all or nothing within a slot only.
 * Keys with one `{tag}` share a slot.
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
  readonly #topology: Topology;
  readonly #pipeline: Pipeline;
  readonly #timeout: number;

  /**
   * Over a connection that you have, which closing the driver leaves open: see {@link RedisConnection}.
   *
   * It cannot be dropped, so less holds than over one of the driver's own. After a timeout its library may still
   * send what it holds, even after calls made later: every `TimeoutError` has the outcome `"unknown"`. After a garbled
   * reply the library may give a call the reply of another. What follows a lost connection is up to the library.
   *
   * While it is not open, since it is not connected yet or closed already, calls are `UnavailableError`, not applied.
   *
   * @param connection - a client or a cluster of node-redis (5.6 or later, or 6), connected or about to be, or of ioredis
   * (5.3 or later, or 6).
   * @param options - see {@link HandedInOptions}.
   * @throws InvalidArgumentError for what is no such connection, for an option of it that would break a promise, by name,
   * and for bad limits.
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
  constructor(connection: RedisConnection, options?: HandedInOptions);
  constructor(connection: RedisConnection | Owned, options: HandedInOptions = {}) {
    const { timeout, maxPending } = connection instanceof Owned ? connection.settings : handedInLimitsOf(options);
    this.#timeout = timeout;
    this.#topology = connection instanceof Owned ? connection.topology : new HandedInTopology(connection, timeout);
    // Without a Cluster all keys are in one slot.
    this.supports = { atomicMSet: this.#topology.slotOf("a") === this.#topology.slotOf("b") };
    this.#pipeline = new Pipeline(this.#topology, timeout, maxPending);
  }

  /**
   * Opens a connection that is the driver's own, by the package `redis`: an optional peer dependency, to be installed.
   *
   * It tries once, and settles within `timeout` and a second, the handshake included. From then on a connection that is
   * lost is made again for ever, after 20 ms at first and a second at most; an idle one is probed once a `timeout`.
   * {@link RedisDriver.close} ends it. Of a Cluster one node that answers is enough.
   *
   * The messages of the last three errors begin with the addresses that were tried, as `host:port`.
   *
   * @param options - a URL, or what {@link RedisOptions} says; `{}`: a server on this machine.
   * @throws InvalidArgumentError for a bad option, which it names, and one of an unknown name; it repeats no URL and no
   * password.
   * @throws NotSupportedError when the package `redis` is not installed, or the option `cluster` names what is none.
   * @throws UnavailableError, not applied, when the connection is refused, or what answers is no such server.
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
  static async connect(options: string | RedisOptions): Promise<RedisDriver> {
    const settings = settingsOf(options);
    const owned: unknown = new Owned(await connect(settings), settings);
    return new RedisDriver(owned as RedisConnection);
  }

  get(prefix: string, key: string, options?: CallOptions): Promise<Encoded | undefined> {
    return this.#pipeline.call(kinds.GET, prefix, key, undefined, options);
  }

  set(prefix: string, key: string, value: Encoded, ttl: number, options?: CallOptions): Promise<void> {
    return ttl === 0
      ? this.#pipeline.call(kinds.SET, prefix, key, value, options)
      : this.#pipeline.call(kinds.SET_TTL, prefix, key, { value, ttl }, options);
  }

  setNX(prefix: string, key: string, value: Encoded, ttl: number, options?: CallOptions): Promise<boolean> {
    return this.#pipeline.call(kinds.SET_NX, prefix, key, { value, ttl }, options);
  }

  delete(prefix: string, key: string, options?: CallOptions): Promise<boolean> {
    return this.#pipeline.call(kinds.DELETE, prefix, key, undefined, options);
  }

  exists(prefix: string, key: string, options?: CallOptions): Promise<boolean> {
    return this.#pipeline.call(kinds.EXISTS, prefix, key, undefined, options);
  }

  async mGet(prefix: string, keys: readonly string[], options?: CallOptions): Promise<(Encoded | undefined)[]> {
    const storageKeys = keys.map((key) => prefix + key);
    const found: (Encoded | undefined)[] = new Array(keys.length);
    await this.#bySlot(storageKeys, async (slot, places) => {
      const those = places.map((place) => storageKeys[place] as string);
      const values = await this.#pipeline.callAt(slot, kinds.MGET, prefix, "", those, options);
      for (const [at, value] of values.entries()) found[places[at] as number] = value;
    });
    return found;
  }

  async mSet(
    prefix: string,
    entries: readonly (readonly [string, Encoded])[],
    ttl: number,
    options?: CallOptions,
  ): Promise<void> {
    const stored = entries.map(([key, value]) => [prefix + key, value] as const);
    await this.#bySlot(
      stored.map(([key]) => key),
      (slot, places) => {
        const those = places.map((place) => stored[place] as (typeof stored)[number]);
        return ttl === 0
          ? this.#pipeline.callAt(slot, kinds.MSET, prefix, "", those, options)
          : this.#pipeline.callAt(slot, kinds.MSET_TTL, prefix, "", { entries: those, ttl }, options);
      },
    );
  }

  mDel(prefix: string, keys: readonly string[], options?: CallOptions): Promise<number> {
    return this.#unlink(
      keys.map((key) => prefix + key),
      options,
    );
  }

  ttl(prefix: string, key: string, options?: CallOptions): Promise<number | undefined> {
    return this.#pipeline.call(kinds.TTL, prefix, key, undefined, options);
  }

  expire(prefix: string, key: string, ttl: number, options?: CallOptions): Promise<boolean> {
    return this.#pipeline.call(kinds.EXPIRE, prefix, key, ttl, options);
  }

  persist(prefix: string, key: string, options?: CallOptions): Promise<boolean> {
    return this.#pipeline.call(kinds.PERSIST, prefix, key, undefined, options);
  }

  incr(prefix: string, key: string, delta: number, ttl: number, options?: CallOptions): Promise<number> {
    return this.#pipeline.call(kinds.INCR, prefix, key, { delta, ttl }, options);
  }

  getSet(
    prefix: string,
    key: string,
    value: Encoded,
    ttl: number,
    keep: boolean,
    options?: CallOptions,
  ): Promise<Encoded | undefined> {
    if (!keep) return this.#pipeline.call(kinds.GET_SET, prefix, key, { value, ttl }, options);
    return ttl === 0
      ? this.#pipeline.call(kinds.GET_SET_KEEP, prefix, key, value, options)
      : this.#pipeline.call(kinds.GET_SET_KEEP_TTL, prefix, key, { value, ttl }, options);
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
    return this.#pipeline.call(kinds.COMPARE_AND_SWAP, prefix, key, { oldValue, newValue, ttl, keep }, options);
  }

  compareAndDelete(prefix: string, key: string, oldValue: Encoded, options?: CallOptions): Promise<boolean> {
    return this.#pipeline.call(kinds.COMPARE_AND_DELETE, prefix, key, oldValue, options);
  }

  async *scan(prefix: string, pattern: Pattern, options?: CallOptions): AsyncGenerator<string[], void, void> {
    // What was called before is sent before.
    this.#pipeline.flush();
    const seen = new Set<string>();
    for await (const keys of walk(this.#topology, prefix + pattern.prefix, this.#timeout, options)) {
      const batch: string[] = [];
      for (const key of keys) {
        // Of what other programs wrote, keys that are not UTF-8 have no name here.
        const name = isUtf8(key) ? key.toString().slice(prefix.length) : "";
        if (name === "" || seen.has(name)) continue;
        seen.add(name);
        batch.push(name);
      }
      yield batch;
    }
  }

  async clear(prefix: string, options?: CallOptions): Promise<void> {
    this.#pipeline.flush();
    let removed = 0;
    try {
      for await (const keys of walk(this.#topology, prefix, this.#timeout, options)) {
        removed += await this.#unlink(keys, options);
      }
    } catch (reason) {
      throw removed === 0 ? reason : partly(reason);
    }
  }

  /**
   * Refuses later calls with `UnavailableError`, not applied, and cuts off what is pending: what was sent is told `"unknown"`.
   * To let calls end first, close the clients before. The connection that {@link RedisDriver.connect} opened is closed, one
   * that was handed in is left alone. It can be repeated.
   */
  close(): void {
    this.#pipeline.close();
    this.#topology.close();
  }

  /** {@link RedisDriver.close}, for `await using`: in TypeScript with a `target` of ES2022 to ES2024, or on Node 24. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #unlink(keys: readonly (string | Buffer)[], options: CallOptions | undefined): Promise<number> {
    let removed = 0;
    await this.#bySlot(keys, async (slot, places) => {
      const those = places.map((place) => keys[place] as string | Buffer);
      const count = await this.#pipeline.callAt(slot, kinds.MDEL, "", "", those, options);
      removed += count;
    });
    return removed;
  }

  /** Runs `send` side by side for the keys of each slot, by their places in the list. */
  async #bySlot(
    keys: readonly (string | Buffer)[],
    send: (slot: number, places: number[]) => Promise<void>,
  ): Promise<void> {
    const slots = new Map<number, number[]>();
    for (const [place, key] of keys.entries()) {
      const slot = this.#topology.slotOf(key);
      const places = slots.get(slot);
      if (places === undefined) slots.set(slot, [place]);
      else places.push(place);
    }
    await allParts(Array.from(slots, ([slot, places]) => send(slot, places)));
  }
}
