import { afterEach, describe, expect, it, vi } from "vitest";
import * as clock from "../../src/net/clock.js";
import { settle } from "../support/promises.js";

describe("the clock of network drivers", () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it("does not follow fake timers", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "performance", "setImmediate"] });
    const start = clock.now();
    await clock.sleep(5);
    expect(clock.now() - start).toBeGreaterThan(0);
    await new Promise<void>((resolve) => clock.afterReads(resolve));
    let fired = 0;
    await new Promise<void>((resolve) => {
      const interval = clock.startInterval(() => {
        if (++fired < 2) return;
        clock.stopInterval(interval);
        resolve();
      }, 1);
    });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("calls nothing back once a timer was stopped", async () => {
    const timer = clock.startTimer(() => expect.unreachable(), 1);
    clock.stopTimer(timer);
    clock.stopTimer(undefined);
    clock.stopInterval(undefined);
    await clock.sleep(10);
    await settle();
  });

  it("keeps the process alive only for timers that ask for it", () => {
    const timers = [clock.startTimer(() => {}, 1_000), clock.startTimer(() => {}, 1_000, true)];
    expect(timers.map((timer) => timer.hasRef())).toEqual([false, true]);
    for (const timer of timers) clock.stopTimer(timer);
    const interval = clock.startInterval(() => {}, 1_000);
    expect(interval.hasRef()).toBe(false);
    clock.stopInterval(interval);
  });

  it("works with the timers of runtimes that have no unref", async () => {
    vi.resetModules();
    vi.stubGlobal("setTimeout", () => 1);
    const { startTimer } = await import("../../src/net/clock.js");
    expect(startTimer(() => {}, 1)).toBe(1);
  });
});
