import type { CallOptions, Driver } from "../driver/driver.js";
import { addCounter, type Encoded, parseCounter, sameBytes } from "../driver/encoded.js";
import type { Supports } from "../driver/supports.js";
import { InvalidArgumentError, NotSupportedError } from "../errors.js";
import type { Pattern } from "../glob.js";
import { allParts, partialFailure, withOutcome } from "../net/outcomes.js";
import { CONFLICT } from "./cas-loop.js";
import * as commands from "./commands.js";
import { Dispatcher } from "./dispatcher.js";
import { checkTtl } from "./expiry.js";
import { itemKey } from "./key.js";
import { type MemcachedOptions, type MemcachedServer, type MemcachedSettings, settingsOf } from "./options.js";
import type { CallContext } from "./request.js";
import { Server } from "./server.js";

/**
 * A store in Memcached 1.6 or later, on one server or several.
 *
 * A call about one key is one command of the meta protocol. Memcached has no command for `incr`, `getSet`,
 * `compareAndSwap` and `compareAndDelete`. These read the item with its CAS token, then write, and the server refuses
 * the write if the item has changed since. They try again until the write succeeds or the time left is too short for
 * another round. Calls about one key always keep their order.
 *
 * TTLs are whole seconds: a key lives up to two seconds longer than its TTL, and never shorter. A TTL of more than 30
 * days takes a second command, which asks for the server's own time. Storage keys have up to 250 bytes, or 186 where they
 * are not all printable ASCII without a space. A server that restarts has lost all keys, and one that is full evicts the
 * oldest: both are misses, not errors.
 *
 * `keys`, `scan` and `clear` need the server's LRU crawler: on a server that was started with `-X` or
 * `-o no_lru_crawler` they reject with `NotSupportedError`. A server runs one listing at a time, so a call waits for
 * another program's, up to the timeout. Before 1.6.28 Memcached can lock up for good when its hash table grows while a
 * listing runs: list there only where the table was made large enough at the start (`-o hashpower`). A listing that falls
 * silent is not repeated, since each could cost such a server another worker.
 *
 * @example
 * ```ts
 * import { Client, text } from "namestore";
 * import { MemcachedDriver } from "namestore/memcached";
 *
 * const driver = await MemcachedDriver.connect(["localhost:11211"]);
 * const pages = new Client("app", "cached-pages", { driver, codec: text, ttl: "10m" });
 * await pages.getOrSet("/", async () => "<h1>Home</h1>"); // → "<h1>Home</h1>"
 * await pages.close();
 * driver.close();
 * ```
 * @see https://github.com/memcached/memcached/blob/master/doc/protocol.txt
 */
export class MemcachedDriver implements Driver {
  readonly name = "memcached";
  /** An `mSet` is one command for each key. */
  readonly supports: Supports = { atomicMSet: false };
  readonly #servers: readonly Server[];
  readonly #dispatcher: Dispatcher;

  private constructor(opening: Opening) {
    // From JavaScript anyone may call it.
    if (!(opening instanceof Opening)) {
      throw new InvalidArgumentError(
        "MemcachedDriver is opened with await MemcachedDriver.connect(options), not with new",
      );
    }
    const { settings } = opening;
    this.#servers = settings.servers.map((address) => new Server(address, settings));
    this.#dispatcher = new Dispatcher(this.#servers, settings);
  }

  /**
   * Connects to every server, and settles within the timeout and a second. One server that answers is enough: the
   * others, and later every lost connection, reconnect indefinitely. With the option `lazy` it resolves at once. Close the
   * driver when you no longer need it.
   *
   * @throws InvalidArgumentError when an option is malformed.
   * @throws UnavailableError, TimeoutError when none of the servers can be reached.
   * @throws NotSupportedError when one is older than Memcached 1.6, or requires a password.
   */
  static async connect(
    options: string | readonly (string | MemcachedServer)[] | MemcachedOptions,
  ): Promise<MemcachedDriver> {
    const settings = settingsOf(options);
    const driver = new MemcachedDriver(new Opening(settings));
    try {
      await driver.#connect(settings.lazy);
      return driver;
    } catch (error) {
      driver.close();
      throw error;
    }
  }

  get(prefix: string, key: string, options?: CallOptions): Promise<Encoded | undefined> {
    const target = itemKey(prefix, key);
    return this.#dispatcher.send(target, commands.get(target), options);
  }

  set(prefix: string, key: string, value: Encoded, ttl: number, options?: CallOptions): Promise<void> {
    return this.#dispatcher.store(commands.set, itemKey(prefix, key), value, ttl, options);
  }

  setNX(prefix: string, key: string, value: Encoded, ttl: number, options?: CallOptions): Promise<boolean> {
    return this.#dispatcher.store(commands.setNX, itemKey(prefix, key), value, ttl, options);
  }

  delete(prefix: string, key: string, options?: CallOptions): Promise<boolean> {
    const target = itemKey(prefix, key);
    return this.#dispatcher.send(target, commands.remove(target), options);
  }

  exists(prefix: string, key: string, options?: CallOptions): Promise<boolean> {
    const target = itemKey(prefix, key);
    return this.#dispatcher.send(target, commands.exists(target), options);
  }

  mGet(prefix: string, keys: readonly string[], options?: CallOptions): Promise<(Encoded | undefined)[]> {
    const targets = keys.map((key) => itemKey(prefix, key));
    return this.#dispatcher.sendEach(targets, commands.get, options);
  }

  mSet(
    prefix: string,
    entries: readonly (readonly [string, Encoded])[],
    ttl: number,
    options?: CallOptions,
  ): Promise<void> {
    const targets = entries.map(([key, value]) => [itemKey(prefix, key), value] as const);
    return this.#dispatcher.storeEach(commands.set, targets, ttl, options);
  }

  async mDel(prefix: string, keys: readonly string[], options?: CallOptions): Promise<number> {
    const targets = keys.map((key) => itemKey(prefix, key));
    const removed = await this.#dispatcher.sendEach(targets, commands.remove, options);
    return removed.filter((each) => each).length;
  }

  ttl(prefix: string, key: string, options?: CallOptions): Promise<number | undefined> {
    const target = itemKey(prefix, key);
    return this.#dispatcher.send(target, commands.ttl(target), options);
  }

  /**
   * A TTL of more than 30 days takes two commands. Other programs that use stale-while-revalidate see the item as stale
   * from then on (the flags `W` and `Z` of `mg`).
   */
  expire(prefix: string, key: string, ttl: number, options?: CallOptions): Promise<boolean> {
    return this.#dispatcher.touch(commands.expire, itemKey(prefix, key), ttl, options);
  }

  /** Other programs see the item as stale from then on, as with `expire`. */
  persist(prefix: string, key: string, options?: CallOptions): Promise<boolean> {
    const target = itemKey(prefix, key);
    return this.#dispatcher.send(target, commands.persist(target), options);
  }

  incr(prefix: string, key: string, delta: number, ttl: number, options?: CallOptions): Promise<number> {
    checkTtl(ttl);
    const target = itemKey(prefix, key);
    const textOf = (count: number): commands.DataBlock => this.#dispatcher.dataBlock(target, String(count));
    return this.#dispatcher.casLoop(target, options, async (loop, item) => {
      if (item === undefined) {
        return (await loop.add(textOf(delta), ttl)) ? addCounter(0, delta) : CONFLICT;
      }
      const count = parseCounter(item.value);
      const sum = addCounter(count, delta);
      // `ma` takes no negative numbers, and leaves a space where a counter loses a digit.
      const isIncrease = count >= 0 && delta >= 0;
      const written = isIncrease ? await loop.increase(item, delta) : await loop.replace(item, textOf(sum), "keep");
      return written ? sum : CONFLICT;
    });
  }

  getSet(
    prefix: string,
    key: string,
    value: Encoded,
    ttl: number,
    keep: boolean,
    options?: CallOptions,
  ): Promise<Encoded | undefined> {
    checkTtl(ttl);
    const target = itemKey(prefix, key);
    const block = this.#dispatcher.dataBlock(target, value);
    return this.#dispatcher.casLoop(target, options, async (loop, item) => {
      const written =
        item === undefined ? await loop.add(block, ttl) : await loop.replace(item, block, keep ? "keep" : ttl);
      return written ? item?.value : CONFLICT;
    });
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
    checkTtl(ttl);
    const target = itemKey(prefix, key);
    const block = this.#dispatcher.dataBlock(target, newValue);
    return this.#dispatcher.casLoop(target, options, async (loop, item) => {
      if (item === undefined || !sameBytes(item.value, oldValue)) return false;
      return (await loop.replace(item, block, keep ? "keep" : ttl)) || CONFLICT;
    });
  }

  compareAndDelete(prefix: string, key: string, oldValue: Encoded, options?: CallOptions): Promise<boolean> {
    return this.#dispatcher.casLoop(itemKey(prefix, key), options, async (loop, item) => {
      if (item === undefined || !sameBytes(item.value, oldValue)) return false;
      return (await loop.remove(item)) || CONFLICT;
    });
  }

  /**
   * All keys are collected before the first batch is returned, so the memory that this takes grows with their number.
   *
   * @throws NotSupportedError when a server was started with `-X` or `-o no_lru_crawler`.
   */
  async *scan(prefix: string, pattern: Pattern, options?: CallOptions): AsyncGenerator<string[], void, void> {
    const lists = await this.#dispatcher.asOneCall(options, (context) => this.#list(prefix + pattern.prefix, context));
    for (const [server, endings] of lists) {
      let batch: string[] = [];
      for (const ending of endings) {
        const key = pattern.prefix + ending;
        // A server may still hold keys from before servers were added. Nobody reads them there.
        if (key === "" || this.#dispatcher.serverOf(prefix + key) !== server) continue;
        if (batch.push(key) < BATCH_SIZE) continue;
        yield batch;
        batch = [];
      }
      yield batch;
    }
  }

  /**
   * Lists the keys and deletes each. Keys that are written meanwhile may be removed or stay.
   *
   * @throws NotSupportedError when a server was started with `-X` or `-o no_lru_crawler`.
   */
  clear(prefix: string, options?: CallOptions): Promise<void> {
    return this.#dispatcher.asOneCall(options, (context) => this.#clear(prefix, context));
  }

  /** Closes the connections. Pending calls reject with `UnavailableError`. */
  close(): void {
    this.#dispatcher.close();
    for (const server of this.#servers) server.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #connect(lazy: boolean): Promise<void> {
    if (lazy) {
      for (const server of this.#servers) server.start();
      return;
    }
    const attempts = await Promise.allSettled(this.#servers.map((server) => server.connect()));
    const failed = attempts.flatMap((attempt, at) =>
      attempt.status === "rejected" ? [{ server: this.#servers[at] as Server, reason: attempt.reason as unknown }] : [],
    );
    // Trying again does not help where a server is too old or requires a password.
    const hopeless = failed.find(({ reason }) => reason instanceof NotSupportedError);
    if (hopeless !== undefined) throw hopeless.reason;
    if (failed.length === attempts.length) throw failed[0]?.reason;
    for (const { server } of failed) server.start();
  }

  async #clear(prefix: string, context: CallContext): Promise<void> {
    const lists = await this.#list(prefix, context).catch((reason: unknown) => {
      // Only reads were sent so far.
      throw withOutcome(reason, "not-applied");
    });
    let removed = 0;
    try {
      for (const [server, endings] of lists) {
        const keys = [...endings].filter((ending) => ending !== "");
        for (let at = 0; at < keys.length; at += BATCH_SIZE) {
          const each = this.#dispatcher.context(context.signal);
          const batch = keys.slice(at, at + BATCH_SIZE).map((key) => commands.remove(itemKey(prefix, key)));
          await allParts(batch.map((command) => server.ask(command, each)));
          removed += batch.length;
        }
      }
    } catch (reason) {
      throw removed === 0 ? reason : partialFailure(reason);
    }
  }

  /** What follows `start` in the keys that start with it, server by server. */
  async #list(start: string, context: CallContext): Promise<readonly (readonly [Server, Set<string>])[]> {
    // Earlier calls come first: those of one command were sent already, before the question for the time.
    await this.#dispatcher.idle();
    return Promise.all(
      this.#servers.map(async (server) => [server, await server.lister.list(start, context)] as const),
    );
  }
}

/** How many keys a batch of `scan` has at most, and how many `clear` deletes at a time. */
const BATCH_SIZE = 1_000;

/** What `connect` makes a driver of. */
class Opening {
  constructor(readonly settings: MemcachedSettings) {}
}
