import { queryObjects } from "node:v8";
import { describe, expect, it, vi } from "vitest";
import { NO_EXPIRY } from "../../src/driver/driver.js";
import { OverflowError, TypeMismatchError, UnavailableError } from "../../src/errors.js";
import { parsePattern } from "../../src/glob.js";
import { Entries } from "../../src/memory/entries.js";
import { MemoryDriver } from "../../src/memory/memory-driver.js";
import { stoppedClock } from "../support/clock.js";

const clock = stoppedClock();
const A = "app:a:";
const B = "app:b:";

async function keysOf(driver: MemoryDriver, prefix: string, pattern = "*"): Promise<string[]> {
  const keys: string[] = [];
  for await (const batch of driver.scan(prefix, parsePattern(pattern))) keys.push(...batch);
  return keys;
}

/** So many namespaces that a few of another test, not yet collected, do not matter. */
const MANY = Array.from({ length: 50 }, (_, n) => `app:${n}:`);

/** How many namespaces are kept in this process, to a few. */
function namespaces(): number {
  return queryObjects(Entries, { format: "count" }) as unknown as number;
}

/** Fills many namespaces, and expects nothing to be left of them after `empty`. */
function leavesNothing(
  fill: (driver: MemoryDriver, prefix: string) => void,
  empty: (driver: MemoryDriver) => void,
): void {
  const driver = new MemoryDriver();
  for (const prefix of MANY) fill(driver, prefix);
  const filled = namespaces();
  empty(driver);
  expect(filled - namespaces()).toBeGreaterThanOrEqual(MANY.length);
  driver.close();
}

describe("the memory driver", () => {
  it("is named memory, and answers at once", () => {
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

  it("keeps values in the form they are handed in", () => {
    const driver = new MemoryDriver();
    const bytes = Uint8Array.of(1);
    driver.set(A, "text", "v", 0);
    driver.set(A, "bytes", bytes, 100);
    expect(driver.get(A, "text")).toBe("v");
    expect(driver.get(A, "bytes")).toBe(bytes);
  });

  it("keeps namespaces apart, whatever their prefix and key would be together", () => {
    const driver = new MemoryDriver();
    driver.set("a:b:", "c:d", "1", 0);
    driver.set("a:b:c:", "d", "2", 0);
    expect(driver.get("a:b:", "c:d")).toBe("1");
    expect(driver.get("a:b:c:", "d")).toBe("2");
    driver.clear("a:b:");
    expect(driver.get("a:b:c:", "d")).toBe("2");
  });

  it("keeps values and TTLs when a counter call fails", () => {
    const driver = new MemoryDriver();
    driver.set(A, "text", "x", 100);
    driver.set(A, "max", "9007199254740991", 100);
    expect(() => driver.incr(A, "text", 1, 0)).toThrow(TypeMismatchError);
    expect(() => driver.incr(A, "max", 1, 0)).toThrow(OverflowError);
    expect(driver.mGet(A, ["text", "max"])).toEqual(["x", "9007199254740991"]);
    expect([driver.ttl(A, "text"), driver.ttl(A, "max")]).toEqual([100, 100]);
  });

  it("lists in batches of at most 1,000, and by the pattern's prefix", async () => {
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

  it("keeps TTLs past what a timer could hold", () => {
    const driver = new MemoryDriver();
    const century = 36_525 * 86_400_000;
    driver.set(A, "k", "v", century);
    expect(driver.ttl(A, "k")).toBe(century);
    clock.pass(century - 1);
    expect(driver.get(A, "k")).toBe("v");
    clock.pass(1);
    expect(driver.get(A, "k")).toBeUndefined();
  });

  it("goes by Date.now alone: a clock that is set back gives time back", () => {
    const driver = new MemoryDriver();
    driver.set(A, "k", "v", 100);
    clock.pass(-50);
    expect(driver.ttl(A, "k")).toBe(150);
  });
});

describe("the ttl of a key", () => {
  it("is never NO_EXPIRY, nor negative, when the key ends while it is asked for", () => {
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
  const expiredIn = (driver: MemoryDriver, prefix = A) => {
    driver.set(prefix, "k", "5", 100);
    clock.pass(100);
  };

  it.each<[string, (driver: MemoryDriver, prefix: string) => unknown, unknown]>([
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
  ])("is missing in %s, and leaves then", (_name, call, answer) => {
    leavesNothing(expiredIn, (driver) => {
      for (const prefix of MANY) expect(call(driver, prefix)).toEqual(answer);
    });
  });

  it.each<[string, (driver: MemoryDriver) => unknown, unknown, string]>([
    ["incr", (driver) => driver.incr(A, "k", 1, 70), 1, "1"],
    ["getSet", (driver) => driver.getSet(A, "k", "6", 70, true), undefined, "6"],
    ["setNX", (driver) => driver.setNX(A, "k", "6", 70), true, "6"],
    ["set", (driver) => driver.set(A, "k", "6", 70), undefined, "6"],
  ])("is written anew by %s, though it was the last of its namespace", async (_name, call, answer, value) => {
    const driver = new MemoryDriver();
    expiredIn(driver);
    expect(call(driver)).toBe(answer);
    expect(driver.get(A, "k")).toBe(value);
    expect(driver.ttl(A, "k")).toBe(70);
    expect(await keysOf(driver, A)).toEqual(["k"]);
  });

  it("is not listed, and leaves when it is listed over", async () => {
    const driver = new MemoryDriver();
    driver.set(A, "stays", "1", 0);
    expiredIn(driver);
    expect(await keysOf(driver, A)).toEqual(["stays"]);
  });
});

describe("a namespace", () => {
  it.each<[string, (driver: MemoryDriver, prefix: string) => unknown]>([
    ["delete", (driver, prefix) => driver.delete(prefix, "k")],
    ["mDel", (driver, prefix) => driver.mDel(prefix, ["k", "x"])],
    ["compareAndDelete", (driver, prefix) => driver.compareAndDelete(prefix, "k", "v")],
    ["clear", (driver, prefix) => driver.clear(prefix)],
    ["close", (driver) => driver.close()],
  ])("leaves nothing behind when its last key goes by %s", (_name, call) => {
    leavesNothing(
      (driver, prefix) => driver.set(prefix, "k", "v", 0),
      (driver) => {
        for (const prefix of MANY) call(driver, prefix);
      },
    );
  });

  it("stays while it has another key, and others stay", () => {
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

  it("of which nothing is kept costs nothing to read or to clear", async () => {
    const driver = new MemoryDriver();
    const before = namespaces();
    for (const prefix of MANY) {
      driver.get(prefix, "k");
      driver.delete(prefix, "k");
      driver.clear(prefix);
      expect(await keysOf(driver, prefix)).toEqual([]);
    }
    expect(namespaces() - before).toBeLessThan(MANY.length / 2);
    driver.set(A, "k", "v", 0);
    expect(driver.get(B, "k")).toBeUndefined();
  });
});

describe("a closed memory driver", () => {
  it("refuses every call", async () => {
    const driver = new MemoryDriver();
    driver.set(A, "k", "v", 0);
    driver.close();
    driver.close();
    const calls: (() => unknown)[] = [
      () => driver.get(A, "k"),
      () => driver.set(A, "k", "v", 0),
      () => driver.setNX(A, "k", "v", 0),
      () => driver.delete(A, "k"),
      () => driver.exists(A, "k"),
      () => driver.mGet(A, ["k"]),
      () => driver.mSet(A, [["k", "v"]], 0),
      () => driver.mDel(A, ["k"]),
      () => driver.ttl(A, "k"),
      () => driver.expire(A, "k", 1),
      () => driver.persist(A, "k"),
      () => driver.incr(A, "k", 1, 0),
      () => driver.getSet(A, "k", "v", 0, true),
      () => driver.compareAndSwap(A, "k", "v", "w", 0, true),
      () => driver.compareAndDelete(A, "k", "v"),
      () => driver.clear(A),
    ];
    for (const call of calls) {
      expect(call).toThrow(UnavailableError);
      expect(call).toThrow(expect.objectContaining({ outcome: "not-applied" }));
    }
    await expect(keysOf(driver, A)).rejects.toBeInstanceOf(UnavailableError);
  });

  it("ends a listing under way", async () => {
    const driver = new MemoryDriver();
    for (let n = 0; n < 1001; n++) driver.set(A, `k${n}`, "", 0);
    const batches = driver.scan(A, parsePattern("*"));
    await batches.next();
    driver.close();
    await expect(batches.next()).rejects.toBeInstanceOf(UnavailableError);
  });

  it("is what await using leaves", async () => {
    const driver = new MemoryDriver();
    await driver[Symbol.asyncDispose]();
    expect(() => driver.get(A, "k")).toThrow(UnavailableError);
  });
});
