import { describe, expect, it, vi } from "vitest";
import { MemoryDriver } from "../../src/memory/memory-driver.js";
import { stoppedClock } from "../support/clock.js";

const clock = stoppedClock();
const TTL = 1_000;

/** Counts once under each of so many keys, one a millisecond. */
function countUnder(driver: MemoryDriver, keys: number, prefixOf: (at: number) => string): number {
  let most = 0;
  for (let at = 0; at < keys; at++) {
    clock.pass(1);
    driver.incr(prefixOf(at), `key ${at}`, 1, TTL);
    if (at % 100 === 0) most = Math.max(most, driver.stats().entries);
  }
  return most;
}

describe("a memory driver without options", () => {
  it("holds about as many expired entries as live ones at most, while new keys with a TTL are added", () => {
    const driver = new MemoryDriver();
    expect(countUnder(driver, 20_000, () => "app:a:")).toBeLessThan(2 * TTL + 100);
  });

  it("also removes the expired entries of other namespaces, and namespaces without entries", () => {
    const driver = new MemoryDriver();
    expect(countUnder(driver, 20_000, (at) => `app:${Math.floor(at / 10)}:`)).toBeLessThan(2 * TTL + 500);
    expect(driver.stats().namespaces.size).toBeLessThan(300);
  });

  it("counts what it removes as expirations", () => {
    const driver = new MemoryDriver();
    countUnder(driver, 10_000, () => "app:a:");
    const { entries, expirations } = driver.stats();
    expect(entries + expirations).toBe(10_000);
  });

  it("keeps live entries, with a TTL and without", () => {
    const driver = new MemoryDriver();
    for (let at = 0; at < 100; at++) driver.set("app:a:", `none ${at}`, "1", 0);
    for (let at = 0; at < 100; at++) driver.set("app:b:", `long ${at}`, "1", 60_000);
    countUnder(driver, 5_000, () => "app:a:");
    for (let at = 0; at < 100; at++) {
      expect(driver.get("app:a:", `none ${at}`)).toBe("1");
      expect(driver.get("app:b:", `long ${at}`)).toBe("1");
    }
  });

  it("continues with the others when the namespace that it looks at is cleared", () => {
    const driver = new MemoryDriver();
    for (let at = 0; at < 1_000; at++) driver.set("app:a:", `none ${at}`, "1", 0);
    countUnder(driver, 100, () => "app:b:");
    driver.clear("app:a:");
    expect(countUnder(driver, 20_000, () => "app:b:")).toBeLessThan(2 * TTL + 100);
  });

  it("has no timer", () => {
    vi.useFakeTimers();
    try {
      countUnder(new MemoryDriver(), 100, () => "app:a:");
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
