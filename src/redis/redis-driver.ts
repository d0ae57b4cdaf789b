import { type Buffer, isUtf8 } from "node:buffer";
import type { CallOptions, Driver } from "../driver/driver.js";
import type { Encoded } from "../driver/encoded.js";
import type { Pattern } from "../glob.js";
import { callLimitsOf } from "../internal/call-limits.js";
import { partly } from "../internal/outcomes.js";
import { connect } from "./connect.js";
import { HandedInTopology, type RedisConnection } from "./handed-in.js";
import * as kinds from "./kinds.js";
import { type HandedInOptions, type RedisOptions, type Settings, settingsOf } from "./options.js";
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
 * A store in Redis, standalone, behind Sentinels or a Cluster.
 */
export class RedisDriver implements Driver {
  readonly name = "redis";
  readonly #topology: Topology;
  readonly #pipeline: Pipeline;
  readonly #timeout: number;

  /** Over a connection that you have: see {@link RedisConnection}. Closing the driver leaves it open. */
  constructor(connection: RedisConnection, options?: HandedInOptions);
  constructor(connection: RedisConnection | Owned, options: HandedInOptions = {}) {
    const { timeout, maxPending } = connection instanceof Owned ? connection.settings : callLimitsOf(options);
    this.#timeout = timeout;
    this.#topology = connection instanceof Owned ? connection.topology : new HandedInTopology(connection, timeout);
    this.#pipeline = new Pipeline(this.#topology, timeout, maxPending);
  }

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
    let removed = 0;
    try {
      for await (const keys of walk(this.#topology, prefix, this.#timeout, options)) {
        removed += await this.#unlink(keys, options);
      }
    } catch (reason) {
      throw removed === 0 ? reason : partly(reason);
    }
  }

  close(): void {
    this.#pipeline.close();
    this.#topology.close();
  }

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
    if (slots.size < 2) {
      for (const [slot, places] of slots) await send(slot, places);
      return;
    }
    const parts = await Promise.allSettled([...slots].map(([slot, places]) => send(slot, places)));
    const failed = parts.filter((part) => part.status === "rejected");
    if (failed.length > 0) throw failed.length === parts.length ? failed[0]?.reason : partly(failed[0]?.reason);
  }
}
