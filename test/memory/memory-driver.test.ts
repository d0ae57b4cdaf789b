import { queryObjects } from "node:v8";
import { describe, expect, it, vi } from "vitest";
import { NO_EXPIRY } from "../../src/driver/driver.js";
import { OverflowError, TypeMismatchError, UnavailableError } from "../../src/errors.js";
import { parsePattern } from "../../src/glob.js";
import { MemoryDriver } from "../../src/memory/memory-driver.js";
import { PlainNamespace } from "../../src/memory/plain-namespace.js";
import { stoppedClock } from "../support/clock.js";

const clock = stoppedClock();
/** The names of the methods of a class, symbols aside. */
type MethodOf<T> = keyof {
  [K in keyof T as K extends string ? (T[K] extends (...args: never) => unknown ? K : never) : never]: K;
};

const A = "app:a:";
const B = "app:b:";

async function keysOf(driver: MemoryDriver, prefix: string, pattern = "*"): Promise<string[]> {
  const keys: string[] = [];
  for await (const batch of driver.scan(prefix, parsePattern(pattern))) keys.push(...batch);
  return keys;
}

/** So many namespaces that a few uncollected ones of other tests do not matter. */
const MANY = Array.from({ length: 50 }, (_, n) => `app:${n}:`);

/** Walking the heap takes a second or more on a busy machine. */
const HEAP_WALK_TIMEOUT = 120_000;

/** About how many namespaces are in the memory of this process. */
function namespaceCount(): number {
  // The types of Node promise an array whatever the format.
  return queryObjects(PlainNamespace, { format: "count" }) as unknown as number;
}

/** Fills many namespaces for each way to empty them, and expects that none of them is in memory afterwards. */
function expectNothingLeft(
  fill: (driver: MemoryDriver, prefix: string) => void,
  calls: readonly ((driver: MemoryDriver, prefix: string) => void)[],
): void {
  const filled = calls.map((call) => ({ driver: new MemoryDriver(), call }));
  const before = namespaceCount();
  // A write may remove expired entries of other namespaces.
  for (const { driver } of filled) for (const prefix of MANY) fill(driver, prefix);
  for (const { driver, call } of filled) for (const prefix of MANY) call(driver, prefix);
  expect(namespaceCount()).toBeLessThanOrEqual(before);
  // They are used here so that they are not collected before.
  for (const { driver } of filled) driver.close();
}

describe("the memory driver", () => {
  it("is named memory, and returns its results synchronously", () => {
    const driver = new MemoryDriver();
    expect(driver.name).toBe("memory");
    expect(driver.set(A, "k", "v", 0)).toBeUndefined();
    expect(driver.get(A, "k")).toBe("v");
    expect(driver.setNX(A, "k", "v", 0)).toBe(false);
    expect(driver.mGet(A, ["k", "x"])).toEqual(["v", undefined]);
    expect(driver.mSet(A, [["n", "1"]], 0)).toBeUndefined();
    expect(driver.incr(A, "n", 1, 0)).toBe(2);
    expect(driver.mDel(A, ["k", "n", "x"])).toBe(2);
    expect(driver.clear(A)).toBeUndefined();
  });

  it("stores strings as strings and bytes as bytes", () => {
    const driver = new MemoryDriver();
    const bytes = Uint8Array.of(1);
    driver.set(A, "text", "v", 0);
    driver.set(A, "bytes", bytes, 100);
    expect(driver.get(A, "text")).toBe("v");
    expect(driver.get(A, "bytes")).toBe(bytes);
  });

  it("separates namespaces even where prefix and key would concatenate to the same string", () => {
    const driver = new MemoryDriver();
    driver.set("a:b:", "c:d", "1", 0);
    driver.set("a:b:c:", "d", "2", 0);
    expect(driver.get("a:b:", "c:d")).toBe("1");
    expect(driver.get("a:b:c:", "d")).toBe("2");
    driver.clear("a:b:");
    expect(driver.get("a:b:c:", "d")).toBe("2");
  });

  it("changes neither value nor TTL when a counter call fails", () => {
    const driver = new MemoryDriver();
    driver.set(A, "text", "x", 100);
    driver.set(A, "max", "9007199254740991", 100);
    expect(() => driver.incr(A, "text", 1, 0)).toThrow(TypeMismatchError);
    expect(() => driver.incr(A, "max", 1, 0)).toThrow(OverflowError);
    expect(driver.mGet(A, ["text", "max"])).toEqual(["x", "9007199254740991"]);
    expect([driver.ttl(A, "text"), driver.ttl(A, "max")]).toEqual([100, 100]);
  });

  it("lists keys in batches of at most 1,000, and by the pattern's prefix", async () => {
    const driver = new MemoryDriver();
    for (let n = 0; n < 2500; n++) driver.set(A, `k${n}`, "", 0);
    driver.set(A, "other", "", 0);
    const sizes: number[] = [];
    for await (const batch of driver.scan(A, parsePattern("*"))) sizes.push(batch.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(2501);
    expect(await keysOf(driver, A, "other*")).toEqual(["other"]);
    expect(await keysOf(driver, B)).toEqual([]);
  });

  it("supports TTLs longer than a timer can wait", () => {
    const driver = new MemoryDriver();
    const century = 36_525 * 86_400_000;
    driver.set(A, "k", "v", century);
    expect(driver.ttl(A, "k")).toBe(century);
    clock.pass(century - 1);
    expect(driver.get(A, "k")).toBe("v");
    clock.pass(1);
    expect(driver.get(A, "k")).toBeUndefined();
  });

  it("uses Date.now alone: setting the clock back extends a TTL", () => {
    const driver = new MemoryDriver();
    driver.set(A, "k", "v", 100);
    clock.pass(-50);
    expect(driver.ttl(A, "k")).toBe(150);
  });
});

describe("ttl", () => {
  it("returns neither NO_EXPIRY nor a negative number when the key expires during the call", () => {
    const driver = new MemoryDriver();
    driver.set(A, "k", "v", 100);
    const start = Date.now();
    const now = vi.spyOn(Date, "now");
    now.mockReturnValueOnce(start + 99).mockReturnValue(start + 101);
    const left = driver.ttl(A, "k");
    now.mockRestore();
    expect(left === undefined || left > 0).toBe(true);
    expect(left).not.toBe(NO_EXPIRY);
  });
});

describe("an expired entry", () => {
  const addExpired = (driver: MemoryDriver, prefix = A) => {
    driver.set(prefix, "k", "5", 100);
    clock.pass(100);
  };

  const calls: [string, (driver: MemoryDriver, prefix: string) => unknown, unknown][] = [
    ["get", (driver, prefix) => driver.get(prefix, "k"), undefined],
    ["exists", (driver, prefix) => driver.exists(prefix, "k"), false],
    ["delete", (driver, prefix) => driver.delete(prefix, "k"), false],
    ["mGet", (driver, prefix) => driver.mGet(prefix, ["k"]), [undefined]],
    ["mDel", (driver, prefix) => driver.mDel(prefix, ["k"]), 0],
    ["ttl", (driver, prefix) => driver.ttl(prefix, "k"), undefined],
    ["expire", (driver, prefix) => driver.expire(prefix, "k", 100), false],
    ["persist", (driver, prefix) => driver.persist(prefix, "k"), false],
    ["compareAndSwap", (driver, prefix) => driver.compareAndSwap(prefix, "k", "5", "6", 0, true), false],
    ["compareAndDelete", (driver, prefix) => driver.compareAndDelete(prefix, "k", "5"), false],
  ];

  it.each(calls)("is missing to %s, which removes it", (_name, call, answer) => {
    const driver = new MemoryDriver();
    addExpired(driver);
    expect(call(driver, A)).toEqual(answer);
    expect(driver.stats()).toMatchObject({ entries: 0, namespaces: new Map() });
  });

  it("leaves nothing in memory, whichever call meets it", { timeout: HEAP_WALK_TIMEOUT }, () => {
    expectNothingLeft(
      addExpired,
      calls.map(([, call]) => call),
    );
  });

  it.each<[string, (driver: MemoryDriver) => unknown, unknown, string]>([
    ["incr", (driver) => driver.incr(A, "k", 1, 70), 1, "1"],
    ["getSet", (driver) => driver.getSet(A, "k", "6", 70, true), undefined, "6"],
    ["setNX", (driver) => driver.setNX(A, "k", "6", 70), true, "6"],
    ["set", (driver) => driver.set(A, "k", "6", 70), undefined, "6"],
  ])("is replaced by %s, though it was the last of its namespace", async (_name, call, answer, value) => {
    const driver = new MemoryDriver();
    addExpired(driver);
    expect(call(driver)).toBe(answer);
    expect(driver.get(A, "k")).toBe(value);
    expect(driver.ttl(A, "k")).toBe(70);
    expect(await keysOf(driver, A)).toEqual(["k"]);
  });

  it("is not listed", async () => {
    const driver = new MemoryDriver();
    driver.set(A, "stays", "1", 0);
    addExpired(driver);
    expect(await keysOf(driver, A)).toEqual(["stays"]);
  });
});

describe("a namespace", () => {
  it("is removed from memory with its last key, whichever call removes it", { timeout: HEAP_WALK_TIMEOUT }, () => {
    expectNothingLeft(
      (driver, prefix) => driver.set(prefix, "k", "v", 0),
      [
        (driver, prefix) => driver.delete(prefix, "k"),
        (driver, prefix) => driver.mDel(prefix, ["k", "x"]),
        (driver, prefix) => driver.compareAndDelete(prefix, "k", "v"),
        (driver, prefix) => driver.clear(prefix),
        (driver) => driver.close(),
      ],
    );
  });

  it("stays while it or another namespace has keys", () => {
    const driver = new MemoryDriver();
    driver.mSet(
      A,
      [
        ["k", "v"],
        ["l", "v"],
      ],
      0,
    );
    driver.set(B, "k", "v", 0);
    driver.delete(A, "k");
    expect(driver.get(A, "l")).toBe("v");
    driver.delete(A, "l");
    expect(driver.get(B, "k")).toBe("v");
  });

  it("without entries takes no memory when it is read or cleared", { timeout: HEAP_WALK_TIMEOUT }, async () => {
    const driver = new MemoryDriver();
    const before = namespaceCount();
    for (const prefix of MANY) {
      driver.get(prefix, "k");
      driver.delete(prefix, "k");
      driver.clear(prefix);
      expect(await keysOf(driver, prefix)).toEqual([]);
    }
    expect(namespaceCount() - before).toBeLessThan(MANY.length / 2);
    driver.set(A, "k", "v", 0);
    expect(driver.get(B, "k")).toBeUndefined();
  });
});

describe("a closed memory driver", () => {
  it("throws an UnavailableError from every call", async () => {
    const driver = new MemoryDriver();
    driver.set(A, "k", "v", 0);
    driver.close();
    driver.close();
    const calls = {
      get: () => driver.get(A, "k"),
      set: () => driver.set(A, "k", "v", 0),
      setNX: () => driver.setNX(A, "k", "v", 0),
      delete: () => driver.delete(A, "k"),
      exists: () => driver.exists(A, "k"),
      mGet: () => driver.mGet(A, ["k"]),
      mSet: () => driver.mSet(A, [["k", "v"]], 0),
      mDel: () => driver.mDel(A, ["k"]),
      ttl: () => driver.ttl(A, "k"),
      expire: () => driver.expire(A, "k", 1),
      persist: () => driver.persist(A, "k"),
      incr: () => driver.incr(A, "k", 1, 0),
      getSet: () => driver.getSet(A, "k", "v", 0, true),
      compareAndSwap: () => driver.compareAndSwap(A, "k", "v", "w", 0, true),
      compareAndDelete: () => driver.compareAndDelete(A, "k", "v"),
      clear: () => driver.clear(A),
      stats: () => driver.stats(),
    } satisfies Record<Exclude<MethodOf<MemoryDriver>, "scan" | "close">, () => unknown>;
    for (const call of Object.values(calls)) {
      expect(call).toThrow(UnavailableError);
      expect(call).toThrow(expect.objectContaining({ outcome: "not-applied" }));
    }
    await expect(keysOf(driver, A)).rejects.toBeInstanceOf(UnavailableError);
  });

  it("ends a listing in progress", async () => {
    const driver = new MemoryDriver();
    for (let n = 0; n < 1001; n++) driver.set(A, `k${n}`, "", 0);
    const batches = driver.scan(A, parsePattern("*"));
    await batches.next();
    driver.close();
    await expect(batches.next()).rejects.toBeInstanceOf(UnavailableError);
  });

  it("is the result of Symbol.asyncDispose", async () => {
    const driver = new MemoryDriver();
    await driver[Symbol.asyncDispose]();
    expect(() => driver.get(A, "k")).toThrow(UnavailableError);
  });
});
