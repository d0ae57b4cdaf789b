import { describe, expect, it } from "vitest";
import { Client } from "../../src/client/client.js";
import { text } from "../../src/codec/text.js";
import { UnavailableError } from "../../src/errors.js";
import { MemoryDriver, type MemoryOptions } from "../../src/index.js";
import { stoppedClock } from "../support/clock.js";

const clock = stoppedClock();
const A = "app:a:";
const B = "app:b:";
const ZERO = { entries: 0, bytes: 0, hits: 0, misses: 0, evictions: 0, expirations: 0 };

describe.each<[string, MemoryOptions]>([
  ["without options", {}],
  ["with bounds", { maxEntries: 100 }],
  ["with a sweep", { sweepInterval: "1h" }],
])("the statistics of a memory driver %s", (_name, options) => {
  const open = () => new MemoryDriver(options);

  it("are zero for a new driver", () => {
    expect(open().stats()).toEqual({ ...ZERO, namespaces: new Map() });
  });

  it("include entries and bytes, in total and by namespace", () => {
    const driver = open();
    driver.set(A, "k", "1234", 0);
    driver.set(A, "l", "1", 50);
    driver.set(B, "k", Uint8Array.of(1), 0);
    expect(driver.stats()).toEqual({
      ...ZERO,
      entries: 3,
      bytes: 9,
      namespaces: new Map([
        [A, { ...ZERO, entries: 2, bytes: 7 }],
        [B, { ...ZERO, entries: 1, bytes: 2 }],
      ]),
    });
  });

  it("count hits and misses of get and mGet, and of no other call", () => {
    const driver = open();
    driver.set(A, "k", "1", 0);
    driver.get(A, "k");
    driver.get(A, "x");
    driver.mGet(A, ["k", "x", "y"]);
    driver.exists(A, "x");
    driver.ttl(A, "k");
    driver.incr(A, "k", 1, 0);
    driver.getSet(A, "k", "1", 0, true);
    driver.setNX(A, "k", "1", 0);
    driver.delete(A, "x");
    expect(driver.stats()).toMatchObject({ hits: 2, misses: 3 });
    expect(driver.stats().namespaces.get(A)).toMatchObject({ hits: 2, misses: 3 });
  });

  it("count a miss in an empty namespace in the totals only", () => {
    const driver = open();
    driver.get(A, "k");
    expect(driver.stats()).toEqual({ ...ZERO, misses: 1, namespaces: new Map() });
  });

  it("include an expired entry until it is removed, and count its read as a miss", () => {
    const driver = open();
    driver.set(A, "k", "1", 50);
    driver.set(A, "l", "1", 0);
    clock.pass(50);
    expect(driver.stats()).toMatchObject({ entries: 2, expirations: 0 });
    driver.get(A, "k");
    expect(driver.stats()).toMatchObject({ entries: 1, misses: 1, expirations: 1 });
    expect(driver.stats().namespaces.get(A)).toMatchObject({ entries: 1, misses: 1, expirations: 1 });
  });

  it.each<[string, (driver: MemoryDriver) => unknown, number]>([
    ["get", (driver) => driver.get(A, "k"), 1],
    ["exists", (driver) => driver.exists(A, "k"), 1],
    ["delete", (driver) => driver.delete(A, "k"), 1],
    ["incr", (driver) => driver.incr(A, "k", 1, 0), 1],
    ["set, which replaces it", (driver) => driver.set(A, "k", "1", 0), 0],
    ["clear", (driver) => driver.clear(A), 0],
  ])("count expirations correctly when an expired entry meets %s", (_name, call, expirations) => {
    const driver = open();
    driver.set(A, "k", "1", 50);
    clock.pass(50);
    call(driver);
    expect(driver.stats().expirations).toBe(expirations);
  });

  it.each<[string, (driver: MemoryDriver) => unknown]>([
    ["delete", (driver) => driver.delete(A, "k")],
    ["clear", (driver) => driver.clear(A)],
  ])("of a namespace end when %s removes its last entry, and stay in the totals", (_name, empty) => {
    const driver = open();
    driver.set(A, "k", "1", 0);
    driver.mGet(A, ["k", "x"]);
    empty(driver);
    expect(driver.stats()).toEqual({ ...ZERO, hits: 1, misses: 1, namespaces: new Map() });
    driver.set(A, "k", "1", 0);
    expect(driver.stats().namespaces.get(A)).toMatchObject({ hits: 0, misses: 0 });
  });

  it("count the miss that removes the last entry of a namespace", () => {
    const driver = open();
    driver.set(A, "k", "1", 50);
    clock.pass(50);
    driver.get(A, "k");
    expect(driver.stats()).toEqual({ ...ZERO, misses: 1, expirations: 1, namespaces: new Map() });
  });

  it("are a snapshot that does not change", () => {
    const driver = open();
    driver.set(A, "k", "1", 0);
    const before = driver.stats();
    driver.get(A, "k");
    driver.set(A, "l", "1", 0);
    expect(before).toMatchObject({ entries: 1, hits: 0 });
    expect(before.namespaces.get(A)).toMatchObject({ entries: 1, hits: 0 });
  });

  it("are keyed by a client's prefix, and count its calls", async () => {
    const driver = open();
    const client = new Client("app", "a", { driver, codec: text });
    await client.getOrSet("k", () => "1");
    await client.getOrSet("k", () => "1");
    expect(driver.stats().namespaces.get(client.prefix)).toMatchObject({ entries: 1, hits: 1 });
    expect(driver.stats().misses).toBe(1);
  });

  it("cannot be read from a closed driver", () => {
    const driver = open();
    driver.close();
    expect(() => driver.stats()).toThrow(UnavailableError);
  });
});

describe("evictions", () => {
  it("count in the namespace of the evicted entry", () => {
    const driver = new MemoryDriver({ maxEntries: 2 });
    for (const key of "ab") driver.set(A, key, "1", 0);
    driver.set(B, "c", "1", 0);
    const { evictions, namespaces } = driver.stats();
    expect([evictions, namespaces.get(A)?.evictions, namespaces.get(B)?.evictions]).toEqual([1, 1, 0]);
  });
});
