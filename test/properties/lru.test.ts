import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { InvalidArgumentError, TypeMismatchError } from "../../src/errors.js";
import { MemoryDriver } from "../../src/memory/memory-driver.js";
import { NOON } from "../support/clock.js";
import { checkProperty, PROPERTY_TIMEOUT } from "./check-property.js";

const PREFIXES = ["app:a:", "app:b:", "app:a*:"];
const KEYS = ["a", "b", "c", "dd", "é", "__proto__"];

interface Kept {
  readonly prefix: string;
  readonly key: string;
  readonly value: string;
  readonly expires: number;
}

/** The simplest bounded store: a list, the least recently used entry first. Written from the documented rules. */
class Model {
  list: Kept[] = [];
  now = NOON;
  hits = 0;
  misses = 0;
  evictions = 0;
  expirations = 0;
  readonly #maxEntries: number;
  readonly #maxBytes: number;

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.list.reduce((sum, kept) => sum + sizeOf(kept), 0);
  }

  #take(prefix: string, key: string): Kept | undefined {
    const at = this.list.findIndex((kept) => kept.prefix === prefix && kept.key === key);
    return at < 0 ? undefined : this.list.splice(at, 1)[0];
  }

  /** Returns the live entry. Removes an expired one. */
  live(prefix: string, key: string): Kept | undefined {
    const kept = this.list.find((kept) => kept.prefix === prefix && kept.key === key);
    if (kept === undefined || kept.expires > this.now) return kept;
    this.#take(prefix, key);
    this.expirations++;
    return undefined;
  }

  read(prefix: string, key: string): string | undefined {
    const kept = this.live(prefix, key);
    if (kept === undefined) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    this.#take(prefix, key);
    this.list.push(kept);
    return kept.value;
  }

  /** Returns `false` where the entries do not fit; then nothing changes. */
  write(prefix: string, entries: readonly (readonly [string, string])[], expires: number): boolean {
    const added = entries.map(([key, value]): Kept => ({ prefix, key, value, expires }));
    const bytes = added.reduce((sum, kept) => sum + sizeOf(kept), 0);
    if (added.length > this.#maxEntries || bytes > this.#maxBytes) return false;
    for (const kept of added) {
      this.#take(prefix, kept.key);
      this.list.push(kept);
    }
    while (this.list.length > this.#maxEntries || this.bytes > this.#maxBytes) {
      const gone = this.list.shift() as Kept;
      if (gone.expires > this.now) this.evictions++;
      else this.expirations++;
    }
    return true;
  }

  remove(prefix: string, key: string): boolean {
    return this.live(prefix, key) !== undefined && this.#take(prefix, key) !== undefined;
  }

  clear(prefix: string): void {
    this.list = this.list.filter((kept) => kept.prefix !== prefix);
  }
}

/** Compares as `toEqual` does, but in a fraction of the time: only a difference needs its report. */
function same(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}

function sizeOf({ key, value }: Kept): number {
  return Buffer.byteLength(key) + Buffer.byteLength(value);
}

const key = fc.constantFrom(...KEYS);
const value = fc.constantFrom("", "1", "22", "é", "999", "x".repeat(12));
const ttl = fc.constantFrom(0, 0, 10, 1_500);
const about = <T extends string>(...types: T[]) => fc.constantFrom(...types);
const STEP = fc.tuple(
  fc.constantFrom(...PREFIXES),
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ type: about("set", "set", "setNX", "getSet", "compareAndSwap"), key, value, ttl }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ type: about("get", "get", "get", "exists", "delete", "incr", "persist"), key }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: about("mSet"),
        entries: fc.uniqueArray(fc.tuple(key, value), { minLength: 1, maxLength: 4, selector: ([key]) => key }),
        ttl,
      }),
    },
    { weight: 2, arbitrary: fc.record({ type: about("pass"), milliseconds: fc.constantFrom(1, 10, 700) }) },
    { weight: 1, arbitrary: fc.record({ type: about("clear") }) },
  ),
);

type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

function check([prefix, step]: Step, driver: MemoryDriver, model: Model): unknown {
  const until = (ttl: number): number => (ttl === 0 ? Number.POSITIVE_INFINITY : model.now + ttl);
  /** Checks the result of a call that writes, or that it is refused. */
  const writes = (
    call: () => unknown,
    entries: readonly (readonly [string, string])[],
    expires: number,
    is: unknown,
  ) => {
    if (model.write(prefix, entries, expires)) expect(call()).toBe(is);
    else expect(call).toThrow(InvalidArgumentError);
  };
  switch (step.type) {
    case "set":
      return writes(
        () => driver.set(prefix, step.key, step.value, step.ttl),
        [[step.key, step.value]],
        until(step.ttl),
        undefined,
      );
    case "setNX": {
      const call = () => driver.setNX(prefix, step.key, step.value, step.ttl);
      if (model.live(prefix, step.key) !== undefined) return expect(call()).toBe(false);
      return writes(call, [[step.key, step.value]], until(step.ttl), true);
    }
    case "getSet": {
      const before = model.live(prefix, step.key);
      const call = () => driver.getSet(prefix, step.key, step.value, step.ttl, true);
      return writes(call, [[step.key, step.value]], before?.expires ?? until(step.ttl), before?.value);
    }
    case "compareAndSwap": {
      const before = model.live(prefix, step.key);
      const call = () => driver.compareAndSwap(prefix, step.key, "1", step.value, step.ttl, false);
      if (before?.value !== "1") return expect(call()).toBe(false);
      return writes(call, [[step.key, step.value]], until(step.ttl), true);
    }
    case "mSet":
      return writes(() => driver.mSet(prefix, step.entries, step.ttl), step.entries, until(step.ttl), undefined);
    case "get":
      return expect(driver.get(prefix, step.key)).toBe(model.read(prefix, step.key));
    case "exists":
      return expect(driver.exists(prefix, step.key)).toBe(model.live(prefix, step.key) !== undefined);
    case "delete":
      return expect(driver.delete(prefix, step.key)).toBe(model.remove(prefix, step.key));
    case "incr": {
      const before = model.live(prefix, step.key);
      const call = () => driver.incr(prefix, step.key, 1, 0);
      const sum = Number(before?.value ?? 0) + 1;
      if (before !== undefined && !/^\d+$/.test(before.value)) return expect(call).toThrow(TypeMismatchError);
      return writes(call, [[step.key, String(sum)]], before?.expires ?? until(0), sum);
    }
    case "persist": {
      const before = model.live(prefix, step.key);
      if (before !== undefined) model.write(prefix, [[step.key, before.value]], until(0));
      return expect(driver.persist(prefix, step.key)).toBe(before !== undefined);
    }
    case "clear":
      model.clear(prefix);
      return driver.clear(prefix);
    case "pass":
      model.now += step.milliseconds;
      return vi.advanceTimersByTime(step.milliseconds);
    default:
      throw new Error(`no such step: ${JSON.stringify(step satisfies never)}`);
  }
}

describe("a memory driver with bounds", { timeout: PROPERTY_TIMEOUT }, () => {
  beforeAll(() => {
    vi.useFakeTimers();
  });
  afterAll(() => {
    vi.useRealTimers();
  });

  const maxEntries = fc.integer({ min: 1, max: 6 });
  const maxBytes = fc.integer({ min: 1, max: 30 });

  it("behaves like a list in the order of use, whatever the calls", async () => {
    await checkProperty(
      fc.property(
        maxEntries,
        maxBytes,
        fc.array(STEP, { maxLength: 60, size: "max" }),
        (maxEntries, maxBytes, steps) => {
          vi.setSystemTime(NOON);
          const driver = new MemoryDriver({ maxEntries, maxBytes: maxBytes + 9 });
          const model = new Model(maxEntries, maxBytes + 9);
          for (const step of steps) {
            check(step, driver, model);
            const { namespaces, ...total } = driver.stats();
            const { hits, misses, evictions, expirations, bytes } = model;
            same(total, { entries: model.list.length, bytes, hits, misses, evictions, expirations });
            same(new Set(namespaces.keys()), new Set(model.list.map(({ prefix }) => prefix)));
          }
          for (const prefix of PREFIXES) {
            for (const key of KEYS) expect(driver.exists(prefix, key)).toBe(model.live(prefix, key) !== undefined);
          }
        },
      ),
      { runs: 1_500 },
    );
  });

  it("returns the same results with a sweep, and finally holds no expired entry", async () => {
    await checkProperty(
      fc.property(fc.array(STEP, { maxLength: 60, size: "max" }), (steps) => {
        vi.setSystemTime(NOON);
        const driver = new MemoryDriver({ maxEntries: 1_000, sweepInterval: 100 });
        const model = new Model(1_000, Number.POSITIVE_INFINITY);
        for (const step of steps) check(step, driver, model);
        vi.advanceTimersByTime(2_000);
        expect(driver.stats().entries).toBe(model.list.filter(({ expires }) => expires > model.now + 2_000).length);
        expect(vi.getTimerCount()).toBe(0);
      }),
      { runs: 500 },
    );
  });

  it("hits the same keys as any LRU of its size on a Zipf trace", () => {
    const size = 100;
    const driver = new MemoryDriver({ maxEntries: size });
    const lru = new Map<string, string>();
    let state = 42;
    /** Uniform over (0, 1], and the same in every run. */
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state + 1) / 2 ** 32;
    };
    let hits = 0;
    for (let n = 0; n < 20_000; n++) {
      // The inverse of the cumulative Zipf distribution with an exponent of 1 over 2,000 keys.
      const key = `k${Math.floor(2_001 ** random())}`;
      const value = lru.get(key);
      same(driver.get("app:a:", key), value);
      if (value !== undefined) hits++;
      lru.delete(key);
      lru.set(key, key);
      if (value === undefined) driver.set("app:a:", key, key, 0);
      if (lru.size > size) lru.delete(lru.keys().next().value as string);
    }
    expect(hits).toBeGreaterThan(5_000);
    expect(driver.stats()).toMatchObject({ entries: size, hits, misses: 20_000 - hits });
  });
});
