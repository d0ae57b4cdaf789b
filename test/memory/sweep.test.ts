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

/** A driver with a sweep, on fake timers. */
function sweptDriver(sweepInterval: number): MemoryDriver {
  vi.useFakeTimers({ now: NOON });
  return new MemoryDriver({ sweepInterval });
}

/** More than a slice can remove. */
const MANY = 12_000;

const entries = (driver: MemoryDriver): number => driver.stats().entries;

describe("a sweep", () => {
  it("removes expired entries within the interval", () => {
    const driver = sweptDriver(1_000);
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

  it("removes entries at most a second late, where the second of their deadline is not over yet", () => {
    const driver = sweptDriver(1_000);
    vi.advanceTimersByTime(300);
    driver.set(A, "k", "v", 800);
    vi.advanceTimersByTime(2_000);
    expect(entries(driver)).toBe(0);
  });

  it("removes expired entries within an interval of less than a second", () => {
    const driver = sweptDriver(10);
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
  ])("observes the last deadline, set by %s", (_name, call) => {
    const driver = sweptDriver(1_000);
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
  ])("does not remove an entry that lost its TTL by %s", (_name, call) => {
    const driver = sweptDriver(1_000);
    driver.set(A, "k", "v", 1_000);
    call(driver);
    vi.advanceTimersByTime(10_000);
    expect(driver.get(A, "k")).toBe("v");
  });

  it("removes entries whatever the order of their deadlines and removals", () => {
    const driver = sweptDriver(1_000);
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

  it("does not iterate over the seconds of a long time", () => {
    const driver = sweptDriver(60_000);
    const century = 36_525 * 86_400_000;
    driver.set(A, "k", "v", century);
    driver.set(A, "l", "v", 1_000);
    vi.setSystemTime(NOON + century);
    vi.advanceTimersByTime(60_000);
    expect(entries(driver)).toBe(0);
  });

  it("keeps entries that are live again because the clock was set back during the sweep", () => {
    const driver = sweptDriver(1_000);
    for (let at = 0; at < MANY; at++) driver.set(A, `${at}`, "v", 500);
    // One slice, which leaves some of them to the next.
    vi.advanceTimersByTime(1_000);
    const left = entries(driver);
    expect(left).toBeGreaterThan(0);
    vi.setSystemTime(Date.now() - 5_000);
    driver.set(A, "fresh", "v", 3_500);
    vi.advanceTimersByTime(100);
    expect(driver.ttl(A, "fresh")).toBe(3_400);
    expect(driver.stats().expirations).toBe(MANY - left);
    vi.advanceTimersByTime(10_000);
    expect(entries(driver)).toBe(0);
  });

  it("keeps running after fake timers are installed or removed", () => {
    const driver = sweptDriver(1_000);
    driver.set(A, "k", "v", 500);
    vi.useRealTimers();
    vi.useFakeTimers({ now: NOON });
    driver.set(A, "l", "v", 500);
    vi.advanceTimersByTime(2_000);
    expect(entries(driver)).toBe(0);
  });

  it("runs once per interval even where an older timer could not be cleared", () => {
    const driver = sweptDriver(1_000);
    vi.stubGlobal("clearTimeout", () => {});
    driver.set(A, "k", "v", 500);
    driver.delete(A, "k");
    vi.advanceTimersByTime(500);
    driver.set(A, "l", "v", 100);
    vi.unstubAllGlobals();
    // The first timer would fire now, the second later.
    vi.advanceTimersByTime(500);
    expect([entries(driver), vi.getTimerCount()]).toEqual([1, 1]);
    vi.advanceTimersByTime(1_000);
    expect([entries(driver), vi.getTimerCount()]).toEqual([0, 0]);
  });

  it("follows a clock that was set back", () => {
    const driver = sweptDriver(1_000);
    driver.set(A, "long", "v", 86_400_000);
    vi.advanceTimersByTime(5_000);
    vi.setSystemTime(NOON - 3_600_000);
    driver.set(A, "k", "v", 2_000);
    vi.advanceTimersByTime(1_000);
    expect(driver.exists(A, "k")).toBe(true);
    vi.advanceTimersByTime(1_000);
    expect(entries(driver)).toBe(1);
  });

  it("removes expired entries of a bounded driver, and ignores evicted ones", () => {
    vi.useFakeTimers({ now: NOON });
    const driver = new MemoryDriver({ maxEntries: 2, sweepInterval: 1_000 });
    for (const key of "abc") driver.set(A, key, "v", 1_000);
    vi.advanceTimersByTime(1_000);
    expect(driver.stats()).toMatchObject({ entries: 0, evictions: 1, expirations: 2 });
  });

  it("runs on the fake timers of node:test", () => {
    mock.timers.enable({ apis: ["Date", "setTimeout"], now: NOON });
    const driver = new MemoryDriver({ sweepInterval: 1_000 });
    driver.set(A, "k", "v", 1_000);
    mock.timers.tick(1_000);
    expect(entries(driver)).toBe(0);
  });

  it("runs on timers that are plain numbers", () => {
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

  it("runs on real timers", async () => {
    const driver = new MemoryDriver({ sweepInterval: 5 });
    driver.set(A, "k", "v", 10);
    await vi.waitFor(() => expect(entries(driver)).toBe(0), { timeout: 30_000 });
    driver.close();
  }, 60_000);
});

describe("a sweep of many entries", { timeout: 60_000 }, () => {
  it("runs in slices, and lets the event loop run between them", () => {
    const driver = sweptDriver(1_000);
    for (let n = 0; n < MANY; n++) driver.set(A, `k${n}`, "v", 1_000);
    vi.advanceTimersByTime(1_000);
    const left = entries(driver);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(MANY);
    vi.advanceTimersByTime(100);
    expect(entries(driver)).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends a slice after 1 ms", () => {
    const driver = sweptDriver(1_000);
    for (let n = 0; n < 1_000; n++) driver.set(A, `k${n}`, "v", 1_000);
    let time = 0;
    vi.spyOn(performance, "now").mockImplementation(() => time++);
    vi.advanceTimersByTime(1_000);
    expect(entries(driver)).toBeGreaterThan(0);
    vi.advanceTimersByTime(900);
    vi.restoreAllMocks();
    expect(entries(driver)).toBe(0);
  });

  it("allows any call between its slices", () => {
    const driver = sweptDriver(1_000);
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

  it("is stopped by close", () => {
    const driver = sweptDriver(1_000);
    for (let n = 0; n < MANY; n++) driver.set(A, `k${n}`, "v", 1_000);
    vi.advanceTimersByTime(1_000);
    driver.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the timer of the sweep", () => {
  it("exists only while an entry has a deadline", () => {
    const driver = sweptDriver(1_000);
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
  ])("is cleared by %s", (_name, call) => {
    const driver = sweptDriver(1_000);
    driver.set(A, "k", "v", 60_000);
    call(driver);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not exist without a sweepInterval", () => {
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

describe("a large namespace that is cleared", { timeout: 60_000 }, () => {
  const filled = (driver: MemoryDriver, ttl = 0): void => {
    driver.set(B, "b", "v", 0);
    for (let n = 0; n < MANY; n++) driver.set(A, `k${n}`, "v", ttl);
    driver.set(B, "c", "v", 0);
    driver.clear(A);
  };

  it("is empty at once, in calls and in statistics", () => {
    const driver = sweptDriver(1_000);
    filled(driver, 1_000);
    expect(driver.get(A, "k0")).toBeUndefined();
    expect(driver.stats()).toMatchObject({ entries: 2, bytes: 4, evictions: 0, expirations: 0 });
    expect([...driver.stats().namespaces.keys()]).toEqual([B]);
  });

  it("leaves no timer behind once it is unlinked", () => {
    const driver = sweptDriver(60_000);
    filled(driver, 3_600_000);
    vi.advanceTimersByTime(1_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("counts neither evictions nor expirations for its entries, even before they are unlinked", () => {
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

  it("is ignored by a sweep", () => {
    const driver = sweptDriver(1);
    filled(driver, 1);
    vi.advanceTimersByTime(100);
    expect(driver.stats()).toMatchObject({ entries: 2, expirations: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("may be filled and cleared again before it is unlinked", () => {
    const driver = sweptDriver(1_000);
    filled(driver, 1_000);
    filled(driver, 1_000);
    expect(entries(driver)).toBe(2);
    vi.advanceTimersByTime(1_000);
    expect(entries(driver)).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("may be followed at once by another", () => {
    const driver = sweptDriver(60_000);
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

  it("is released at once by close, and when the driver is empty", () => {
    const driver = sweptDriver(1_000);
    filled(driver, 1_000);
    driver.clear(B);
    expect(vi.getTimerCount()).toBe(0);
    filled(driver, 1_000);
    driver.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
