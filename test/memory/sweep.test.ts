import { mock } from "node:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MemoryDriver } from "../../src/memory/memory-driver.js";
import { NOON } from "../support/clock.js";

const A = "app:a:";
const B = "app:b:";

afterEach(() => {
  vi.useRealTimers();
  mock.timers.reset();
});

function swept(sweepInterval: number): MemoryDriver {
  vi.useFakeTimers({ now: NOON });
  return new MemoryDriver({ sweepInterval });
}

const entries = (driver: MemoryDriver): number => driver.stats().entries;

describe("expired entries leave untouched", () => {
  it("within the interval", () => {
    const driver = swept(1_000);
    driver.set(A, "k", "v", 500);
    driver.set(A, "l", "v", 1_500);
    driver.set(B, "stays", "v", 0);
    vi.advanceTimersByTime(999);
    expect(entries(driver)).toBe(3);
    vi.advanceTimersByTime(1);
    expect(entries(driver)).toBe(2);
    vi.advanceTimersByTime(1_000);
    expect(entries(driver)).toBe(1);
    expect(driver.stats()).toMatchObject({ expirations: 2, evictions: 0, misses: 0 });
  });

  it("at most a second later, where the second in which they end is not over yet", () => {
    const driver = swept(1_000);
    vi.advanceTimersByTime(300);
    driver.set(A, "k", "v", 800);
    vi.advanceTimersByTime(2_000);
    expect(entries(driver)).toBe(0);
  });

  it("also where the interval is shorter than a second", () => {
    const driver = swept(10);
    driver.set(A, "k", "v", 25);
    vi.advanceTimersByTime(24);
    expect(entries(driver)).toBe(1);
    vi.advanceTimersByTime(16);
    expect(entries(driver)).toBe(0);
  });

  it.each<[string, (driver: MemoryDriver) => unknown]>([
    ["set", (driver) => driver.set(A, "k", "v", 3_000)],
    ["expire", (driver) => driver.expire(A, "k", 3_000)],
    ["getSet", (driver) => driver.getSet(A, "k", "v", 3_000, false)],
  ])("by the deadline that %s gave last", (_name, call) => {
    const driver = swept(1_000);
    driver.set(A, "k", "v", 1_000);
    call(driver);
    vi.advanceTimersByTime(2_000);
    expect(driver.exists(A, "k")).toBe(true);
    vi.advanceTimersByTime(1_000);
    expect(entries(driver)).toBe(0);
  });

  it.each<[string, (driver: MemoryDriver) => unknown]>([
    ["persist", (driver) => driver.persist(A, "k")],
    ["a set without a TTL", (driver) => driver.set(A, "k", "v", 0)],
  ])("but not after %s", (_name, call) => {
    const driver = swept(1_000);
    driver.set(A, "k", "v", 1_000);
    call(driver);
    vi.advanceTimersByTime(10_000);
    expect(driver.get(A, "k")).toBe("v");
  });

  it("whatever the order of their deadlines, and of their removal", () => {
    const driver = swept(1_000);
    const keys = Array.from({ length: 60 }, (_, n) => `k${n}`);
    for (const [n, key] of keys.entries()) driver.set(A, key, "v", 1 + ((n * 7_919) % 5_000));
    for (const key of keys.filter((_, n) => n % 3 === 0)) driver.delete(A, key);
    expect(entries(driver)).toBe(40);
    vi.advanceTimersByTime(3_000);
    const left = keys.filter((key) => driver.exists(A, key)).length;
    expect(entries(driver)).toBe(left);
    vi.advanceTimersByTime(2_000);
    expect(entries(driver)).toBe(0);
  });

  it("after years, over which nobody counts the seconds", () => {
    const driver = swept(60_000);
    const century = 36_525 * 86_400_000;
    driver.set(A, "k", "v", century);
    driver.set(A, "l", "v", 1_000);
    vi.setSystemTime(NOON + century);
    vi.advanceTimersByTime(60_000);
    expect(entries(driver)).toBe(0);
  });

  it("and what has time again since the clock was set back in the midst of a sweep stays", () => {
    const driver = swept(1_000);
    for (let at = 0; at < 30_000; at++) driver.set(A, `${at}`, "v", 500);
    // One slice, which leaves some of them for the next.
    vi.advanceTimersByTime(1_000);
    const left = entries(driver);
    expect(left).toBeGreaterThan(0);
    vi.setSystemTime(Date.now() - 5_000);
    driver.set(A, "fresh", "v", 3_500);
    vi.advanceTimersByTime(100);
    expect(driver.ttl(A, "fresh")).toBe(3_400);
    expect(driver.stats().expirations).toBe(30_000 - left);
    vi.advanceTimersByTime(10_000);
    expect(entries(driver)).toBe(0);
  });

  it("though the timers were faked, or real again, since the first was set", () => {
    const driver = swept(1_000);
    driver.set(A, "k", "v", 500);
    vi.useRealTimers();
    vi.useFakeTimers({ now: NOON });
    driver.set(A, "l", "v", 500);
    vi.advanceTimersByTime(2_000);
    expect(entries(driver)).toBe(0);
  });

  it("by one timer at a time, also where one of other timers cannot be cleared", () => {
    const driver = swept(1_000);
    vi.stubGlobal("clearTimeout", () => {});
    driver.set(A, "k", "v", 500);
    driver.delete(A, "k");
    vi.advanceTimersByTime(500);
    driver.set(A, "l", "v", 100);
    vi.unstubAllGlobals();
    // The first one's time, which is none of the second's.
    vi.advanceTimersByTime(500);
    expect([entries(driver), vi.getTimerCount()]).toEqual([1, 1]);
    vi.advanceTimersByTime(1_000);
    expect([entries(driver), vi.getTimerCount()]).toEqual([0, 0]);
  });

  it("when the clock was set back, by the new one", () => {
    const driver = swept(1_000);
    driver.set(A, "long", "v", 86_400_000);
    vi.advanceTimersByTime(5_000);
    vi.setSystemTime(NOON - 3_600_000);
    driver.set(A, "k", "v", 2_000);
    vi.advanceTimersByTime(1_000);
    expect(driver.exists(A, "k")).toBe(true);
    vi.advanceTimersByTime(1_000);
    expect(entries(driver)).toBe(1);
  });

  it("with bounds too, and evicted ones are not looked for", () => {
    vi.useFakeTimers({ now: NOON });
    const driver = new MemoryDriver({ maxEntries: 2, sweepInterval: 1_000 });
    for (const key of "abc") driver.set(A, key, "v", 1_000);
    vi.advanceTimersByTime(1_000);
    expect(driver.stats()).toMatchObject({ entries: 0, evictions: 1, expirations: 2 });
  });

  it("by the timers of node:test", () => {
    mock.timers.enable({ apis: ["Date", "setTimeout"], now: NOON });
    const driver = new MemoryDriver({ sweepInterval: 1_000 });
    driver.set(A, "k", "v", 1_000);
    mock.timers.tick(1_000);
    expect(entries(driver)).toBe(0);
  });

  it("by timers that are bare numbers", () => {
    vi.useFakeTimers({ now: NOON });
    const callbacks: (() => void)[] = [];
    vi.stubGlobal("setTimeout", (callback: () => void) => callbacks.push(callback));
    const driver = new MemoryDriver({ sweepInterval: 1_000 });
    driver.set(A, "k", "v", 1_000);
    vi.unstubAllGlobals();
    vi.setSystemTime(NOON + 1_000);
    callbacks[0]?.();
    expect(entries(driver)).toBe(0);
  });

  it("in real time", async () => {
    const driver = new MemoryDriver({ sweepInterval: 5 });
    driver.set(A, "k", "v", 10);
    await vi.waitFor(() => expect(entries(driver)).toBe(0));
    driver.close();
  });
});

describe("a sweep of many", () => {
  const MANY = 30_000;

  it("goes in slices, between which others have the loop", () => {
    const driver = swept(1_000);
    for (let n = 0; n < MANY; n++) driver.set(A, `k${n}`, "v", 1_000);
    vi.advanceTimersByTime(1_000);
    const left = entries(driver);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(MANY);
    vi.advanceTimersByTime(100);
    expect(entries(driver)).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends a slice by the clock too", () => {
    const driver = swept(1_000);
    for (let n = 0; n < 1_000; n++) driver.set(A, `k${n}`, "v", 1_000);
    let time = 0;
    vi.spyOn(performance, "now").mockImplementation(() => time++);
    vi.advanceTimersByTime(1_000);
    expect(entries(driver)).toBeGreaterThan(0);
    vi.advanceTimersByTime(900);
    vi.restoreAllMocks();
    expect(entries(driver)).toBe(0);
  });

  it("may be interrupted by any call", () => {
    const driver = swept(1_000);
    for (let n = 0; n < MANY; n++) driver.set(A, `k${n}`, "v", 1_000);
    driver.set(B, "b", "v", 2_000);
    vi.advanceTimersByTime(1_000);
    driver.set(A, "new", "v", 0);
    driver.clear(A);
    driver.set(A, "k0", "v", 1_000);
    vi.advanceTimersByTime(500);
    expect(driver.get(A, "k0")).toBe("v");
    expect(entries(driver)).toBe(2);
    vi.advanceTimersByTime(2_500);
    expect(entries(driver)).toBe(0);
  });

  it("ends with close", () => {
    const driver = swept(1_000);
    for (let n = 0; n < MANY; n++) driver.set(A, `k${n}`, "v", 1_000);
    vi.advanceTimersByTime(1_000);
    driver.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the sweep's timer", () => {
  it("is there only while anything will expire", () => {
    const driver = swept(1_000);
    driver.set(A, "stays", "v", 0);
    expect(vi.getTimerCount()).toBe(0);
    driver.set(A, "k", "v", 60_000);
    driver.set(A, "l", "v", 60_000);
    expect(vi.getTimerCount()).toBe(1);
    driver.delete(A, "k");
    expect(vi.getTimerCount()).toBe(1);
    driver.persist(A, "l");
    expect(vi.getTimerCount()).toBe(0);
    driver.expire(A, "l", 1_000);
    vi.advanceTimersByTime(1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each<[string, (driver: MemoryDriver) => unknown]>([
    ["clear", (driver) => driver.clear(A)],
    ["close", (driver) => driver.close()],
  ])("ends with %s", (_name, call) => {
    const driver = swept(1_000);
    driver.set(A, "k", "v", 60_000);
    call(driver);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is never there without a sweepInterval", () => {
    vi.useFakeTimers({ now: NOON });
    const driver = new MemoryDriver({ maxEntries: 10 });
    driver.set(A, "k", "v", 1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not keep the process alive", () => {
    const timers: NodeJS.Timeout[] = [];
    const real = globalThis.setTimeout;
    const spy = vi.spyOn(globalThis, "setTimeout").mockImplementation(((callback: () => void, wait: number) => {
      const timer = real(callback, wait);
      timers.push(timer);
      return timer;
    }) as typeof setTimeout);
    const driver = new MemoryDriver({ sweepInterval: 10_000 });
    driver.set(A, "k", "v", 60_000);
    spy.mockRestore();
    expect(timers.map((timer) => timer.hasRef())).toEqual([false]);
    driver.close();
  });
});

describe("a large namespace that is cleared", () => {
  const MANY = 20_000;
  const filled = (driver: MemoryDriver, ttl = 0): void => {
    driver.set(B, "b", "v", 0);
    for (let n = 0; n < MANY; n++) driver.set(A, `k${n}`, "v", ttl);
    driver.set(B, "c", "v", 0);
    driver.clear(A);
  };

  it("is empty at once, in every call and count", () => {
    const driver = swept(1_000);
    filled(driver, 1_000);
    expect(driver.get(A, "k0")).toBeUndefined();
    expect(driver.stats()).toMatchObject({ entries: 2, bytes: 4, evictions: 0, expirations: 0 });
    expect([...driver.stats().namespaces.keys()]).toEqual([B]);
  });

  it("leaves no timer behind in the end", () => {
    const driver = swept(60_000);
    filled(driver, 3_600_000);
    vi.advanceTimersByTime(1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("counts neither as evicted nor as expired, whoever meets what is left of it", () => {
    vi.useFakeTimers({ now: NOON, toFake: ["Date"] });
    const driver = new MemoryDriver({ maxEntries: MANY + 2, sweepInterval: 1_000 });
    filled(driver, 1_000);
    vi.setSystemTime(NOON + 1_000);
    driver.mSet(
      A,
      Array.from({ length: MANY + 1 }, (_, n) => [`n${n}`, "v"] as const),
      0,
    );
    expect(driver.stats()).toMatchObject({ entries: MANY + 2, evictions: 1, expirations: 0 });
    expect([driver.exists(B, "b"), driver.exists(B, "c")]).toEqual([false, true]);
    driver.close();
  });

  it("is passed over by a sweep", () => {
    const driver = swept(1);
    filled(driver, 1);
    vi.advanceTimersByTime(100);
    expect(driver.stats()).toMatchObject({ entries: 2, expirations: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("may be one of several", () => {
    const driver = swept(1_000);
    filled(driver, 1_000);
    filled(driver, 1_000);
    expect(entries(driver)).toBe(2);
    vi.advanceTimersByTime(1_000);
    expect(entries(driver)).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("may be followed by another at once", () => {
    const driver = swept(60_000);
    driver.set(B, "b", "v", 0);
    for (const prefix of [A, "app:c:"]) {
      for (let n = 0; n < MANY; n++) driver.set(prefix, `k${n}`, "v", 3_600_000);
    }
    driver.clear(A);
    driver.clear("app:c:");
    expect(entries(driver)).toBe(1);
    vi.advanceTimersByTime(1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is let go of with all the rest by close, and when nothing else is there", () => {
    const driver = swept(1_000);
    filled(driver, 1_000);
    driver.clear(B);
    expect(vi.getTimerCount()).toBe(0);
    filled(driver, 1_000);
    driver.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
