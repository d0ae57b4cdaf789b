import { describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import type { Encoded } from "../../src/driver/encoded.js";
import { InvalidArgumentError, InvalidKeyError } from "../../src/errors.js";
import { MemoryDriver } from "../../src/memory/memory-driver.js";
import { stoppedClock } from "../support/clock.js";

const clock = stoppedClock();
const A = "app:a:";
const B = "app:b:";

/** The keys among a to h that are live. `exists` uses none of them. */
function live(driver: MemoryDriver, prefix = A): string {
  return [..."abcdefgh"].filter((key) => driver.exists(prefix, key)).join("");
}

/** A driver with room for three entries that holds a, b and c; a is the least recently used. */
function full(): MemoryDriver {
  const driver = new MemoryDriver({ maxEntries: 3 });
  for (const key of "abc") driver.set(A, key, "1", 0);
  return driver;
}

describe("maxEntries", () => {
  it("evicts the least recently used entry", () => {
    const driver = full();
    driver.set(A, "d", "1", 0);
    expect(live(driver)).toBe("bcd");
    driver.set(A, "e", "1", 0);
    expect(live(driver)).toBe("cde");
  });

  it("evicts across namespaces, and removes a namespace with its last entry", () => {
    const driver = full();
    driver.set(B, "a", "1", 0);
    expect([live(driver), live(driver, B)]).toEqual(["bc", "a"]);
    for (const key of "bcd") driver.set(B, key, "1", 0);
    expect([live(driver), live(driver, B)]).toEqual(["", "bcd"]);
    expect([...driver.stats().namespaces.keys()]).toEqual([B]);
  });

  it("may be 1", () => {
    const driver = new MemoryDriver({ maxEntries: 1 });
    for (const key of "abc") driver.set(A, key, "1", 0);
    expect(live(driver)).toBe("c");
  });

  it("removes an expired entry in its turn, and counts it as an expiration", () => {
    const driver = new MemoryDriver({ maxEntries: 2 });
    driver.set(A, "a", "1", 100);
    driver.set(A, "b", "1", 0);
    clock.pass(100);
    driver.set(A, "c", "1", 0);
    expect(live(driver)).toBe("bc");
    expect(driver.stats()).toMatchObject({ entries: 2, evictions: 0, expirations: 1 });
  });
});

describe("the order of use", () => {
  it.each<[string, (driver: MemoryDriver) => unknown]>([
    ["get", (driver) => driver.get(A, "a")],
    ["mGet", (driver) => driver.mGet(A, ["a", "x"])],
    ["set", (driver) => driver.set(A, "a", "2", 0)],
    ["mSet", (driver) => driver.mSet(A, [["a", "2"]], 0)],
    ["incr", (driver) => driver.incr(A, "a", 1, 0)],
    ["getSet", (driver) => driver.getSet(A, "a", "2", 0, true)],
    ["getSet with a TTL", (driver) => driver.getSet(A, "a", "2", 50, false)],
    ["compareAndSwap", (driver) => driver.compareAndSwap(A, "a", "1", "2", 0, true)],
    ["expire", (driver) => driver.expire(A, "a", 50)],
    ["persist", (driver) => driver.persist(A, "a")],
  ])("is changed by %s: the next entry is evicted", (_name, use) => {
    const driver = full();
    use(driver);
    driver.set(A, "d", "1", 0);
    expect(live(driver)).toBe("acd");
  });

  it.each<[string, (driver: MemoryDriver) => unknown]>([
    ["exists", (driver) => driver.exists(A, "a")],
    ["ttl", (driver) => driver.ttl(A, "a")],
    ["setNX of a live key", (driver) => driver.setNX(A, "a", "2", 0)],
    ["compareAndSwap of another value", (driver) => driver.compareAndSwap(A, "a", "x", "2", 0, true)],
    ["compareAndDelete of another value", (driver) => driver.compareAndDelete(A, "a", "x")],
    ["stats", (driver) => driver.stats()],
  ])("is not changed by %s: the entry is evicted", (_name, call) => {
    const driver = full();
    call(driver);
    driver.set(A, "d", "1", 0);
    expect(live(driver)).toBe("bcd");
  });

  it("is not changed by a listing", async () => {
    const driver = full();
    const client = new Client("app", "a", { driver, codec: text });
    expect(await client.keys()).toHaveLength(3);
    expect(await client.domain("empty").keys()).toEqual([]);
    driver.set(A, "d", "1", 0);
    expect(live(driver)).toBe("bcd");
  });
});

describe("the bytes of a driver", () => {
  it.each<[string, string, Encoded, number]>([
    ["ASCII", "key", "value", 8],
    ["a long string", "k", "v".repeat(100), 101],
    ["non-ASCII characters, in UTF-8", "é", "日本", 8],
    ["emoji, in UTF-8", "😀", "x", 5],
    ["a long non-ASCII string", "k", "é".repeat(100), 201],
    ["bytes", "k", Uint8Array.of(0, 255, 1), 4],
    ["an empty value", "k", "", 1],
  ])("count key and value for %s", (_name, key, value, size) => {
    for (const driver of [new MemoryDriver(), new MemoryDriver({ maxEntries: 9 })]) {
      driver.set(A, key, value, 0);
      expect(driver.stats().bytes).toBe(size);
    }
  });

  it("are updated by every change", () => {
    const driver = new MemoryDriver({ maxBytes: 1_000 });
    driver.set(A, "n", "9", 0);
    driver.incr(A, "n", 1, 0);
    expect(driver.stats().bytes).toBe(3);
    driver.getSet(A, "n", "", 0, true);
    expect(driver.stats().bytes).toBe(1);
    driver.set(B, "k", "12345", 50);
    expect(driver.stats().bytes).toBe(7);
    driver.delete(A, "n");
    clock.pass(50);
    driver.get(B, "k");
    expect(driver.stats().bytes).toBe(0);
  });
});

describe("maxBytes", () => {
  const filled = (): MemoryDriver => {
    const driver = new MemoryDriver({ maxBytes: 12 });
    for (const key of "abc") driver.set(A, key, "123", 0);
    return driver;
  };

  it("evicts as many of the least recently used entries as needed", () => {
    const driver = filled();
    driver.set(A, "d", "12345", 0);
    expect(live(driver)).toBe("cd");
    expect(driver.stats()).toMatchObject({ entries: 2, bytes: 10, evictions: 2 });
  });

  it("admits an entry of exactly its size", () => {
    const driver = filled();
    driver.set(A, "d", "12345678901", 0);
    expect(live(driver)).toBe("d");
  });

  it.each<[string, (driver: MemoryDriver) => unknown]>([
    ["set", (driver) => driver.set(A, "a", "1234", 0)],
    ["incr", (driver) => driver.incr(A, "a", 1_000, 0)],
    ["getSet", (driver) => driver.getSet(A, "a", "1234", 0, true)],
    ["compareAndSwap", (driver) => driver.compareAndSwap(A, "a", "123", "1234", 50, false)],
  ])("evicts other entries when an entry grows by %s", (_name, grow) => {
    const driver = filled();
    grow(driver);
    expect(live(driver)).toBe("ac");
  });
});

describe("an entry that cannot fit", () => {
  const open = (): MemoryDriver => {
    const driver = new MemoryDriver({ maxBytes: 6 });
    driver.set(A, "a", "99", 100);
    driver.set(A, "b", "12", 0);
    return driver;
  };

  it.each<[string, (driver: MemoryDriver) => unknown]>([
    ["set", (driver) => driver.set(A, "c", "123456", 0)],
    ["set of a live key", (driver) => driver.set(A, "a", "123456", 0)],
    ["setNX", (driver) => driver.setNX(A, "c", "123456", 0)],
    ["getSet", (driver) => driver.getSet(A, "a", "123456", 0, true)],
    ["getSet of a missing key", (driver) => driver.getSet(A, "c", "123456", 0, true)],
    ["compareAndSwap", (driver) => driver.compareAndSwap(A, "a", "99", "123456", 0, true)],
    ["incr", (driver) => driver.incr(A, "a", 1_000_000, 0)],
    [
      "mSet with one such entry",
      (driver) =>
        driver.mSet(
          A,
          [
            ["c", "1"],
            ["d", "123456"],
          ],
          0,
        ),
    ],
    [
      "mSet with too much in total",
      (driver) =>
        driver.mSet(
          A,
          [
            ["c", "123"],
            ["d", "123"],
          ],
          0,
        ),
    ],
  ])("is refused by %s, which changes nothing", (_name, call) => {
    const driver = open();
    const before = driver.stats();
    expect(() => call(driver)).toThrow(InvalidArgumentError);
    expect(() => call(driver)).toThrow(/ bytes.*; maxBytes is 6$/);
    expect(driver.stats()).toEqual(before);
    expect(driver.ttl(A, "a")).toBe(100);
    expect(driver.mGet(A, ["a", "b"])).toEqual(["99", "12"]);
  });

  it("is refused where an mSet has more entries than maxEntries", () => {
    const driver = full();
    const entries = [..."defg"].map((key) => [key, "1"] as const);
    expect(() => driver.mSet(A, entries, 0)).toThrow("mSet has 4 entries; maxEntries is 3");
    expect(live(driver)).toBe("abc");
  });

  it("is refused with an InvalidKeyError where the key alone is too long", () => {
    expect(() => open().set(A, "1234567", "", 0)).toThrow(InvalidKeyError);
    expect(() => open().set(A, "1234567", "", 0)).toThrow("the key is 7 bytes; maxBytes is 6");
    open().set(A, "123456", "", 0);
  });

  it("does not matter to a setNX or compareAndSwap that would not store it", () => {
    const driver = open();
    expect(driver.setNX(A, "a", "123456", 0)).toBe(false);
    expect(driver.compareAndSwap(A, "a", "x", "123456", 0, true)).toBe(false);
  });

  it("fails a client's call with operation and key, and without the value", async () => {
    const client = new Client("app", "a", { driver: open(), codec: text });
    await expect(client.set("k", "secret")).rejects.toMatchObject({
      code: "ERR_INVALID_ARGUMENT",
      operation: "set",
      key: "k",
      message: expect.not.stringContaining("secret"),
    });
  });
});

describe("an mSet that fits", () => {
  it("keeps all of its own entries and evicts only as many others as it must", () => {
    const driver = full();
    driver.mSet(
      A,
      [
        ["d", "1"],
        ["a", "2"],
      ],
      0,
    );
    expect(live(driver)).toBe("acd");
    expect(driver.stats().evictions).toBe(1);
  });
});
