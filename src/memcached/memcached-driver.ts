import type { CallOptions, Driver } from "../driver/driver.js";
import { addCounter, type Encoded, parseCounter, sameBytes } from "../driver/encoded.js";
import type { Supports } from "../driver/supports.js";
import type { Pattern } from "../glob.js";
import { allParts, partly, withOutcome } from "../internal/outcomes.js";
import { Calls, storing } from "./calls.js";
import { dump } from "./dump.js";
import { checkTtl } from "./expiry.js";
import { type Key, keyOf } from "./key.js";
import { ADD, DELETE, EXISTS, GET, SET, TTL } from "./kinds.js";
import { Link } from "./link.js";
import { type MemcachedOptions, type MemcachedServer, type Settings, settingsOf } from "./options.js";
import type { Call, Stored } from "./request.js";
import { AGAIN, type Seen, type Steps } from "./steps.js";

/** How many keys a batch of `scan` holds at most, and how many `clear` deletes at a time. */
const BATCH = 1_000;

const get = ({ sent, flag }: Key): string => `mg ${sent}${flag} v`;
const remove = ({ sent, flag }: Key): string => `md ${sent}${flag}`;
/** A touch by `mg T` would leave the CAS token, and a swap meanwhile write the old TTL back: `md I` changes both at once. */
const touch = ({ sent, flag }: Key): string => `md ${sent}${flag} I`;

/**
 * A store in Memcached 1.6 or later, on one server or several.
 *
 * A call about one key is one command of the meta protocol. Where Memcached has none, for `incr`, `getSet`,
 * `compareAndSwap` and `compareAndDelete`, it is a read of the item with its CAS token, and a write that the server takes
 * only where that token still holds: again and again until it does or the call has no time left for another round.
 * Either way calls about one key keep their order.
 *
 * TTLs are whole seconds here: a key lives up to two seconds longer than it was told, and never shorter. One of more
 * than 30 days takes a second command, which asks for the server's own time. Storage keys have up to 250 bytes, or 186
 * where they are not all printable ASCII without a space. A server that restarts has lost all keys, and one that is full
 * drops the oldest: both are misses, and no errors.
 *
 * `keys`, `scan` and `clear` need the server's LRU crawler: one that was started with `-X` or `-o no_lru_crawler` gives
 * `NotSupportedError`. A server makes one listing at a time, and another program's is waited for, up to the timeout.
 * Memcached before 1.6.28 can lock up for good when its hash table grows while a listing runs: list there only where
 * the table was made large enough ahead (`-o hashpower`). A listing that fell silent is not begun again, since each
 * could cost such a server another worker.
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
  readonly #links: readonly Link[];
  readonly #calls: Calls;
  readonly #timeout: number;

  private constructor(settings: Settings) {
    const { servers, tls, timeout } = settings;
    this.#links = servers.map((server) => new Link(server, tls, timeout));
    this.#calls = new Calls(this.#links, settings);
    this.#timeout = timeout;
  }

  /**
   * Connects to every server, and settles within the timeout and a second. From then on a connection that is lost is
   * made again, for as long as it takes. Close what it gives.
   *
   * @throws InvalidArgumentError when an option is malformed.
   * @throws UnavailableError, TimeoutError when one of the servers cannot be reached.
   * @throws NotSupportedError when one is older than Memcached 1.6, or wants a password.
   */
  static async connect(
    options: string | readonly (string | MemcachedServer)[] | MemcachedOptions,
  ): Promise<MemcachedDriver> {
    const driver = new MemcachedDriver(settingsOf(options));
    try {
      await Promise.all(driver.#links.map((link) => link.connect()));
      return driver;
    } catch (error) {
      driver.close();
      throw error;
    }
  }

  get(prefix: string, key: string, options?: CallOptions): Promise<Encoded | undefined> {
    const its = keyOf(prefix, key);
    return this.#calls.one(GET, its, get(its), options);
  }

  set(prefix: string, key: string, value: Encoded, ttl: number, options?: CallOptions): Promise<void> {
    return this.#calls.store(SET, keyOf(prefix, key), value, ttl, "", options);
  }

  setNX(prefix: string, key: string, value: Encoded, ttl: number, options?: CallOptions): Promise<boolean> {
    return this.#calls.store(ADD, keyOf(prefix, key), value, ttl, " ME", options);
  }

  delete(prefix: string, key: string, options?: CallOptions): Promise<boolean> {
    const its = keyOf(prefix, key);
    return this.#calls.one(DELETE, its, remove(its), options);
  }

  exists(prefix: string, key: string, options?: CallOptions): Promise<boolean> {
    const its = keyOf(prefix, key);
    return this.#calls.one(EXISTS, its, `mg ${its.sent}${its.flag}`, options);
  }

  mGet(prefix: string, keys: readonly string[], options?: CallOptions): Promise<(Encoded | undefined)[]> {
    return this.#calls.each(
      GET,
      keys.map((key) => keyOf(prefix, key)),
      get,
      options,
    );
  }

  mSet(
    prefix: string,
    entries: readonly (readonly [string, Encoded])[],
    ttl: number,
    options?: CallOptions,
  ): Promise<void> {
    const all = entries.map(([key, value]) => [keyOf(prefix, key), value] as const);
    return this.#calls.storeEach(SET, all, ttl, options);
  }

  async mDel(prefix: string, keys: readonly string[], options?: CallOptions): Promise<number> {
    const all = keys.map((key) => keyOf(prefix, key));
    const removed = await this.#calls.each(DELETE, all, remove, options);
    return removed.filter((each) => each).length;
  }

  ttl(prefix: string, key: string, options?: CallOptions): Promise<number | undefined> {
    const its = keyOf(prefix, key);
    return this.#calls.one(TTL, its, `mg ${its.sent}${its.flag} t`, options);
  }

  /**
   * A TTL of more than 30 days takes two commands. To other programs that use stale-while-revalidate, the item is
   * marked stale from then on (the flags `W` and `Z` of `mg`).
   */
  expire(prefix: string, key: string, ttl: number, options?: CallOptions): Promise<boolean> {
    const its = keyOf(prefix, key);
    return this.#calls.touch(DELETE, its, touch(its), ttl, options);
  }

  /** It marks the item stale to other programs, as `expire` does. */
  persist(prefix: string, key: string, options?: CallOptions): Promise<boolean> {
    const its = keyOf(prefix, key);
    return this.#calls.one(DELETE, its, `${touch(its)} T0`, options);
  }

  incr(prefix: string, key: string, delta: number, ttl: number, options?: CallOptions): Promise<number> {
    checkTtl(ttl);
    const its = keyOf(prefix, key);
    return this.#inSteps(its, options, async (steps, item) => {
      if (item === undefined) {
        return (await this.#add(steps, its, this.#calls.stored(its, String(delta)), ttl))
          ? addCounter(0, delta)
          : AGAIN;
      }
      const count = parseCounter(item.value as Encoded);
      const sum = addCounter(count, delta);
      // ma keeps the TTL as it is. It knows no sign, and leaves a space where a counter loses a digit.
      if (count >= 0 && delta >= 0) {
        return (await steps.swap(`ma ${its.sent}${its.flag} D${delta}`, item)) ? sum : AGAIN;
      }
      return (await this.#swap(steps, its, item, this.#calls.stored(its, String(sum)), 0, true)) ? sum : AGAIN;
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
    const its = keyOf(prefix, key);
    const stored = this.#calls.stored(its, value);
    return this.#inSteps(its, options, async (steps, item) => {
      const done =
        item === undefined
          ? await this.#add(steps, its, stored, ttl)
          : await this.#swap(steps, its, item, stored, ttl, keep);
      return done ? item?.value : AGAIN;
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
    const its = keyOf(prefix, key);
    const stored = this.#calls.stored(its, newValue);
    return this.#inSteps(its, options, async (steps, item) => {
      if (item === undefined || !sameBytes(item.value as Encoded, oldValue)) return false;
      return (await this.#swap(steps, its, item, stored, ttl, keep)) || AGAIN;
    });
  }

  compareAndDelete(prefix: string, key: string, oldValue: Encoded, options?: CallOptions): Promise<boolean> {
    const its = keyOf(prefix, key);
    return this.#inSteps(its, options, async (steps, item) => {
      if (item === undefined || !sameBytes(item.value as Encoded, oldValue)) return false;
      return (await steps.swap(remove(its), item)) || AGAIN;
    });
  }

  /**
   * The keys are collected before the first batch is given, so the memory that it takes goes by how many there are.
   *
   * @throws NotSupportedError when the server was started with `-X` or `-o no_lru_crawler`.
   */
  async *scan(prefix: string, pattern: Pattern, options?: CallOptions): AsyncGenerator<string[], void, void> {
    const lists = await this.#calls.whole(options, (call) => this.#list(prefix + pattern.prefix, call));
    for (const [link, rests] of lists) {
      let batch: string[] = [];
      for (const rest of rests) {
        const key = pattern.prefix + rest;
        // A server may still hold what was its own before servers were added: nobody reads it there.
        if (key === "" || this.#calls.serverOf(prefix + key) !== link) continue;
        if (batch.push(key) < BATCH) continue;
        yield batch;
        batch = [];
      }
      yield batch;
    }
  }

  /**
   * Lists the keys and deletes each. Keys that are written meanwhile may be removed or stay.
   *
   * @throws NotSupportedError when the server was started with `-X` or `-o no_lru_crawler`.
   */
  clear(prefix: string, options?: CallOptions): Promise<void> {
    return this.#calls.whole(options, (call) => this.#clear(prefix, call));
  }

  close(): void {
    this.#calls.close();
    for (const link of this.#links) link.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** Runs rounds, each with the item as it is then, until one gives an answer. */
  #inSteps<R>(
    key: Key,
    options: CallOptions | undefined,
    round: (steps: Steps, item: Seen | undefined) => Promise<R | typeof AGAIN>,
  ): Promise<R> {
    return this.#calls.steps(key, options, (steps) => steps.until(async () => round(steps, await steps.item())));
  }

  /** Stores where the key is missing. */
  async #add(steps: Steps, key: Key, stored: Stored, ttl: number): Promise<boolean> {
    const { flag, epoch } = await steps.expiry(ttl);
    return steps.write(ADD, `${storing(key, stored, flag)} ME`, stored, epoch);
  }

  /** Stores where the item is as it was seen. */
  async #swap(steps: Steps, key: Key, item: Seen, stored: Stored, ttl: number, keep: boolean): Promise<boolean> {
    const flag = keep ? await steps.kept(item) : (await steps.expiry(ttl)).flag;
    return flag !== undefined && steps.swap(storing(key, stored, flag), item, stored);
  }

  async #clear(prefix: string, call: Call): Promise<void> {
    const lists = await this.#list(prefix, call).catch((reason: unknown) => {
      // Reads were all that was sent.
      throw withOutcome(reason, "not-applied");
    });
    let removed = 0;
    try {
      for (const [link, rests] of lists) {
        const names = [...rests].filter((rest) => rest !== "");
        for (let at = 0; at < names.length; at += BATCH) {
          const each = this.#calls.begin(call.signal);
          const batch = names.slice(at, at + BATCH).map((name) => remove(keyOf(prefix, name)));
          await allParts(batch.map((command) => link.ask(DELETE, command, each)));
          removed += batch.length;
        }
      }
    } catch (reason) {
      throw removed === 0 ? reason : partly(reason);
    }
  }

  /** What the keys that begin like this go on with, server by server. */
  async #list(start: string, call: Call): Promise<readonly (readonly [Link, Set<string>])[]> {
    // What was called before is done before: the rest of it lies in front of the question for the time.
    await this.#calls.idle();
    return Promise.all(this.#links.map(async (link) => [link, await this.#listOf(link, start, call)] as const));
  }

  async #listOf(link: Link, start: string, call: Call): Promise<Set<string>> {
    const { time } = await link.now(call);
    return link.alone(() => dump(link, start, time, this.#timeout, call.signal));
  }
}
