/**
 * `npm run soak`: an hour of mixed work on memory drivers, plain, bounded and swept, within a minute or two: their clock
 * is a fake one. Fails where memory grows, a timer is left, a bound is passed, or an answer is wrong.
 *
 *   node --expose-gc bench/soak.mjs [--minutes 60]
 */
import { parseArgs } from "node:util";
import { Client, json, MemoryDriver, text } from "../dist/index.js";

const { values: options } = parseArgs({ options: { minutes: { type: "string", default: "60" } } });
const MINUTES = Number(options.minutes);

/** Minutes of the same work before and after the hour, so that what is held in the midst of it bears comparing. */
const SPELL = 5;
const SEED = 42;

/** What the heap may grow by over the hour. */
const GROWTH = 0.05;

const SECOND = 1_000;
const CALLS_A_SECOND = 900;
const MAX_ENTRIES = 10_000;
const MAX_BYTES = 400_000;
const LONGEST_TTL = 120;

/** Timers and `Date.now` that go on only when told to. Drivers look them up when they need them. */
class Clock {
  now = Date.now();
  #last = 0;
  /** @type {Map<number, { at: number, callback: () => void }>} */
  #timers = new Map();

  install() {
    Date.now = () => this.now;
    globalThis.setTimeout = /** @type {any} */ (
      (/** @type {() => void} */ callback, milliseconds = 1) => {
        this.#timers.set(++this.#last, { at: this.now + Math.max(1, milliseconds), callback });
        return this.#last;
      }
    );
    globalThis.clearTimeout = /** @type {any} */ ((/** @type {number} */ id) => void this.#timers.delete(id));
  }

  get pending() {
    return this.#timers.size;
  }

  advance(/** @type {number} */ milliseconds) {
    const end = this.now + milliseconds;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      const [id, { at, callback }] = next;
      this.#timers.delete(id);
      this.now = at;
      callback();
    }
    this.now = end;
  }

  /** There are hardly ever more than three. */
  #next(/** @type {number} */ end) {
    return [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
  }
}

/** Whole numbers below the limit, the same at every run. */
let state = SEED;
function below(/** @type {number} */ limit) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}

class Failure extends Error {}

function hold(/** @type {boolean} */ held, /** @type {string} */ otherwise) {
  if (!held) throw new Failure(otherwise);
}

/** A driver with its namespaces, and what is done to it. */
class Load {
  calls = 0;
  #fresh = 0;
  /** All calls of one share a signal, which is to keep nothing of them. */
  #signal = new AbortController().signal;

  /**
   * @param {string} name
   * @param {MemoryDriver} driver
   * @param {{ newKeys?: boolean, lasting?: boolean }} given - whether it gets ever new keys, and entries without a TTL:
   * what nothing bounds or sweeps is not to get them.
   */
  constructor(name, driver, { newKeys = false, lasting = false }) {
    this.name = name;
    this.driver = driver;
    this.newKeys = newKeys;
    this.lasting = lasting;
    this.texts = ["users", "a*", "carts"].map((domain) => new Client("soak", domain, { driver, codec: text }));
    /** @type {Client<string, { key: string, list: number[] }>} */
    this.objects = new Client("soak", "objects", { driver, codec: json() });
    this.counters = new Client("soak", "counters", { driver, codec: text });
  }

  #key() {
    return this.newKeys && below(3) === 0 ? `new:${this.#fresh++}` : `user:${below(4_000)}`;
  }

  #ttl() {
    return this.lasting && below(4) === 0 ? 0 : 1 + below(LONGEST_TTL * SECOND);
  }

  async second() {
    for (let n = 0; n < CALLS_A_SECOND; n++) await this.#call();
    if (below(10) === 0) await this.#list();
    if (below(30) === 0) await this.texts[below(3)].clear();
    await this.#passing();
    this.#check();
  }

  async #call() {
    this.calls++;
    const at = below(this.texts.length);
    const store = this.texts[at];
    const key = this.#key();
    const value = `${at} ${key}`;
    const answer = (/** @type {string | undefined} */ got) =>
      hold(got === undefined || got.startsWith(value), `${this.name}: another entry's value under "${key}"`);
    const ttl = this.#ttl();
    switch (below(16)) {
      case 0:
      case 1:
        return store.set(key, value, { ttl });
      case 2:
        return store.setNX(key, value, { ttl, signal: this.#signal });
      case 3:
        return answer(await store.getSet(key, `${value} again`, { ttl }));
      case 4:
        return store.compareAndSwap(key, value, `${value} swapped`);
      case 5:
        return below(2) === 0 ? store.delete(key) : store.compareAndDelete(key, value);
      case 6:
        return answer(await store.getOrSet(key, async () => value, { ttl }));
      case 7: {
        const both = [store.getOrSet(key, async () => value, { ttl }), store.getOrSet(key, async () => value, { ttl })];
        for (const got of await Promise.all(both)) answer(got);
        return;
      }
      case 8:
        return store.mSet(
          [key, `${key}+`, `${key}++`].map((each) => [each, `${at} ${each}`]),
          { ttl },
        );
      case 9:
        for (const [each, got] of await store.mGet([key, `${key}+`, "none"])) {
          hold(got.startsWith(`${at} ${each}`), `${this.name}: another entry's value under "${each}"`);
        }
        return;
      case 10:
        return this.counters.incr(`count:${below(500)}`, 1 + below(3), { ttl: ttl || LONGEST_TTL * SECOND });
      case 11:
        return this.objects.set(key, { key, list: [1, 2, 3] }, { ttl });
      case 12: {
        const object = await this.objects.find(key, { signal: this.#signal });
        return hold(object === undefined || object.key === key, `${this.name}: another entry's object under "${key}"`);
      }
      case 13:
        return store.expire(key, ttl || SECOND).catch(missing);
      case 14:
        return store.ttl(key).catch(missing);
      default:
        return answer(await store.find(key));
    }
  }

  async #list() {
    const [first, second] = this.texts;
    for await (const key of first.scan("user:1*")) hold(key.startsWith("user:1"), `${this.name}: "${key}" was listed`);
    await second.keys();
  }

  /** A namespace that comes and goes, with its client. */
  async #passing() {
    const store = this.texts[0].domain(`passing-${this.#fresh++}`);
    await store.set("one", "1", { ttl: 1 + below(SECOND) });
    await store.set("two", "2", { ttl: SECOND });
    if (below(2) === 0) await store.delete("one");
    // Where nothing sweeps, it has to be emptied.
    if (!this.newKeys || below(2) === 0) await store.clear();
    await store.close();
  }

  #check() {
    const { entries, bytes } = this.driver.stats();
    if (this.name !== "bounded") return;
    hold(entries <= MAX_ENTRIES && bytes <= MAX_BYTES, `bounded: it holds ${entries} entries, ${bytes} bytes`);
  }

  async clear() {
    for (const store of [...this.texts, this.objects, this.counters]) await store.clear();
  }
}

function missing(/** @type {any} */ error) {
  if (error.code !== "ERR_NOT_FOUND") throw error;
}

const clock = new Clock();
const loads = [
  new Load("plain", new MemoryDriver(), {}),
  new Load("bounded", new MemoryDriver({ maxEntries: MAX_ENTRIES, maxBytes: MAX_BYTES }), {
    newKeys: true,
    lasting: true,
  }),
  new Load("swept", new MemoryDriver({ sweepInterval: "10s" }), { newKeys: true }),
  new Load("bounded", new MemoryDriver({ maxEntries: MAX_ENTRIES, maxBytes: MAX_BYTES, sweepInterval: "1s" }), {
    newKeys: true,
  }),
];

async function work(/** @type {number} */ minutes) {
  for (let second = 0; second < minutes * 60; second++) {
    for (const load of loads) await load.second();
    clock.advance(SECOND);
  }
}

/** Entries that no call touches leave, where they are swept; all others are cleared. */
async function emptied() {
  clock.advance((LONGEST_TTL + 20) * SECOND);
  for (const { name, lasting, newKeys, driver } of loads) {
    const { entries } = driver.stats();
    if (newKeys && !lasting) hold(entries === 0, `${name} and swept: ${entries} entries are left after their TTL`);
  }
  for (const load of loads) await load.clear();
  clock.advance(10 * SECOND);
  hold(clock.pending === 0, `${clock.pending} timers are left in empty drivers`);
  return heap();
}

/** Bytes, once nothing more goes. */
async function heap() {
  await new Promise((resolve) => setImmediate(resolve));
  gc?.();
  gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function growth(/** @type {string} */ what, /** @type {number} */ before, /** @type {number} */ after) {
  const grown = after / before - 1;
  const megabytes = [before, after].map((bytes) => (bytes / 2 ** 20).toFixed(2)).join(" → ");
  const line = `heap, drivers ${what}: ${megabytes} MB, ${(100 * grown).toFixed(1)} %`;
  hold(grown < GROWTH, `${line}; allowed is less than ${100 * GROWTH} %`);
  console.log(line);
}

/** From empty drivers to empty ones: what the heap holds in the end of the work, and after it. */
async function spell() {
  state = SEED;
  await work(SPELL);
  return { atWork: await heap(), emptied: await emptied() };
}

async function soak() {
  const start = performance.now();
  clock.install();
  // Twice: the first compiles what measures, too.
  await spell();
  const before = await spell();
  await work(MINUTES);
  await emptied();
  const after = await spell();
  growth("at work", before.atWork, after.atWork);
  growth("emptied", before.emptied, after.emptied);

  // Closed in the midst of work.
  await work(1);
  for (const { driver } of loads) driver.close();
  hold(clock.pending === 0, `${clock.pending} timers are left after close`);
  const active = process.getActiveResourcesInfo().filter((resource) => /Timeout|Immediate/.test(resource));
  hold(active.length === 0, `left after close: ${active.join(", ")}`);
  const calls = loads.reduce((sum, { calls }) => sum + calls, 0);
  const seconds = ((performance.now() - start) / SECOND).toFixed(0);
  const all = calls.toLocaleString("en");
  console.log(`timers left: none; ${MINUTES} minutes of work, ${all} calls in all, took ${seconds} s`);
}

try {
  if (globalThis.gc === undefined) throw new Failure("run it with node --expose-gc");
  await soak();
  console.log("soak: held");
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(`soak: NOT HELD: ${error.message}`);
  process.exitCode = 1;
}
