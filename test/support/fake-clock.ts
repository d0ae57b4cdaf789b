import type * as clock from "../../src/net/clock.js";

/**
 * The clock of network drivers on the global timers, so that fake ones move it. Mock the real one with it:
 * `vi.mock("../../src/net/clock.js", () => import("../support/fake-clock.js"))`.
 */
export const now: typeof clock.now = () => performance.now();
export const startTimer: typeof clock.startTimer = (callback, milliseconds) => setTimeout(callback, milliseconds);
export const stopTimer: typeof clock.stopTimer = (timer) => clearTimeout(timer);
export const startInterval: typeof clock.startInterval = (callback, milliseconds) =>
  setInterval(callback, milliseconds);
export const stopInterval: typeof clock.stopInterval = (timer) => clearInterval(timer);
export const afterReads: typeof clock.afterReads = (callback) => setImmediate(callback);
export const nextTick: typeof clock.nextTick = (callback) => process.nextTick(callback);
export const sleep: typeof clock.sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
